//! The scripts that come with the program, and the generated bench teams.

use std::sync::{Arc, LazyLock};

use super::{bench, script::Scenario};

/// Script sources, the default one first.
pub(super) const SOURCES: &[(&str, &str)] = &[
    ("quick", include_str!("../../assets/demo/quick.yaml")),
    (
        "turnaround",
        include_str!("../../assets/demo/turnaround.yaml"),
    ),
    ("recovery", include_str!("../../assets/demo/recovery.yaml")),
    ("tie", include_str!("../../assets/demo/tie.yaml")),
    ("markdown", include_str!("../../assets/demo/markdown.yaml")),
    ("tools", include_str!("../../assets/demo/tools.yaml")),
    ("repair", include_str!("../../assets/demo/repair.yaml")),
    ("mosaic", include_str!("../../assets/demo/mosaic.yaml")),
    ("long", include_str!("../../assets/demo/long.yaml")),
    ("talking", include_str!("../../assets/demo/talking.yaml")),
    ("slow", include_str!("../../assets/demo/slow.yaml")),
    ("layers", include_str!("../../assets/demo/layers.yaml")),
    ("relay", include_str!("../../assets/demo/relay.yaml")),
    ("self-moa", include_str!("../../assets/demo/self-moa.yaml")),
    ("rounds", include_str!("../../assets/demo/rounds.yaml")),
    ("samples", include_str!("../../assets/demo/samples.yaml")),
    ("council", include_str!("../../assets/demo/council.yaml")),
    ("parts", include_str!("../../assets/demo/parts.yaml")),
    ("divide", include_str!("../../assets/demo/divide.yaml")),
    ("plan", include_str!("../../assets/demo/plan.yaml")),
    ("personas", include_str!("../../assets/demo/personas.yaml")),
    ("verify", include_str!("../../assets/demo/verify.yaml")),
    (
        "synthesize",
        include_str!("../../assets/demo/synthesize.yaml"),
    ),
    ("refine", include_str!("../../assets/demo/refine.yaml")),
    ("sprint", include_str!("../../assets/demo/sprint.yaml")),
    ("ranked", include_str!("../../assets/demo/ranked.yaml")),
    ("scores", include_str!("../../assets/demo/scores.yaml")),
    ("teams", include_str!("../../assets/demo/teams.yaml")),
];

/// All scripts of the list. A test makes sure that every source parses, so none is left out here.
static ALL: LazyLock<Vec<Arc<Scenario>>> = LazyLock::new(|| {
    let sources = SOURCES.iter();
    sources
        .filter_map(|(_, yaml)| Scenario::parse(yaml).ok().map(Arc::new))
        .collect()
});

/// Every script of the list, the default one first; bench teams are not in it.
#[must_use]
pub fn all() -> &'static [Arc<Scenario>] {
    &ALL
}

/// The script with this name, generated when it is a bench team.
#[must_use]
pub fn load(name: &str) -> Option<Arc<Scenario>> {
    let listed = all().iter().find(|scenario| scenario.name == name);
    listed
        .map(Arc::clone)
        .or_else(|| bench::Size::parse(name).map(|size| Arc::new(size.scenario())))
}
