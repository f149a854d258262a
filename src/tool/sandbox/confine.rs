//! Landlock and seccomp on the calling thread and whatever it starts. Linux only; elsewhere nothing
//! is claimed.

#[cfg(target_os = "linux")]
pub use linux::{confine, hold};

#[cfg(not(target_os = "linux"))]
/// Nothing holds here.
///
/// # Errors
/// Always.
pub fn confine(_plan: &super::plan::Plan) -> Result<String, String> {
    Err("This system has no Landlock.".to_owned())
}

#[cfg(not(target_os = "linux"))]
/// Nothing holds here.
///
/// # Errors
/// Always.
pub fn hold(_write: &[std::path::PathBuf]) -> Result<(), String> {
    Err("This system has no Landlock.".to_owned())
}

#[cfg(target_os = "linux")]
mod linux {
    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, LandlockStatus, RestrictionStatus, Ruleset,
        RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
    };
    use rustix::thread::{
        CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities,
        clear_ambient_capability_set, set_capabilities, set_capabilities_secure_bits,
    };
    use serde_json::{Value, json};

    use std::path::PathBuf;

    use crate::{
        protocol::Network,
        tool::sandbox::plan::{Hold, Plan},
    };

    /// The newest set of rights that is asked for; older kernels hold as much of it as they know.
    const NEWEST: ABI = ABI::V6;

    /// Binds this thread for good; says how far Landlock holds.
    ///
    /// # Errors
    /// It does not hold and should.
    pub fn confine(plan: &Plan) -> Result<String, String> {
        powers().map_err(|error| format!("Powers of root: {error}."))?;
        let landlock = match files(plan) {
            Ok(status) => told(&status),
            Err(error) => Err(format!("Landlock: {error}.")),
        };
        let landlock = match (plan.hold, landlock) {
            (_, Ok(words)) => words,
            (Hold::Further, Err(_)) => "no".to_owned(),
            (Hold::Full | Hold::Nothing, Err(why)) => return Err(why),
        };
        calls(plan.network)?;
        Ok(landlock)
    }

    /// Gives up the powers of root, also for programs that are started later. With them a process reads
    /// the environment of others (`/proc/PID/environ`) past Landlock, since Linux 6.15.
    fn powers() -> rustix::io::Result<()> {
        let none = CapabilitySet::empty();
        let held = capabilities(None)?;
        if held.permitted.is_empty() && !rustix::process::geteuid().is_root() {
            return Ok(());
        }
        let bits = CapabilitiesSecureBits::NO_ROOT
            | CapabilitiesSecureBits::NO_ROOT_LOCKED
            | CapabilitiesSecureBits::NO_SETUID_FIXUP
            | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
        set_capabilities_secure_bits(bits)?;
        clear_ambient_capability_set()?;
        let sets = CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        };
        set_capabilities(None, sets)
    }

    fn files(plan: &Plan) -> Result<RestrictionStatus, landlock::RulesetError> {
        let read = AccessFs::from_read(NEWEST);
        // Devices are made by nobody here.
        let write = AccessFs::from_all(NEWEST) & !(AccessFs::MakeBlock | AccessFs::MakeChar);
        let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
        let mut rules = Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?;
        if plan.network == Network::Off {
            rules = rules.handle_access(AccessNet::from_all(NEWEST))?;
        }
        rules
            .create()?
            .add_rules(path_beneath_rules(&plan.read, read))?
            .add_rules(path_beneath_rules(&plan.write, write))?
            .add_rules(path_beneath_rules(&plan.devices, device))?
            .restrict_self()
    }

    /// Devices and their folders that programs write to.
    const DEVICES: [&str; 8] = [
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/random",
        "/dev/urandom",
        "/dev/tty",
        "/dev/ptmx",
        "/dev/pts",
    ];

    /// Takes from this thread, for good, all writing but at these paths; reading and the network stay.
    ///
    /// # Errors
    /// Landlock does not hold.
    pub fn hold(write: &[PathBuf]) -> Result<(), String> {
        powers().map_err(|error| format!("Powers of root: {error}."))?;
        let wrong = |error: landlock::RulesetError| format!("Landlock: {error}.");
        let device = AccessFs::WriteFile | AccessFs::Truncate;
        let all = AccessFs::from_write(NEWEST);
        let status = Ruleset::default()
            .handle_access(all)
            .and_then(|rules| rules.scope(Scope::Signal))
            .and_then(Ruleset::create)
            .and_then(|rules| {
                let inside = all & !(AccessFs::MakeBlock | AccessFs::MakeChar);
                rules.add_rules(path_beneath_rules(write, inside))
            })
            .and_then(|rules| rules.add_rules(path_beneath_rules(DEVICES, device)))
            .and_then(landlock::RulesetCreated::restrict_self)
            .map_err(wrong)?;
        told(&status).map(drop)
    }

    fn told(status: &RestrictionStatus) -> Result<String, String> {
        let abi = match &status.landlock {
            LandlockStatus::Available { effective_abi, .. } => *effective_abi as i32,
            LandlockStatus::NotEnabled => return Err("Landlock is switched off here.".to_owned()),
            LandlockStatus::NotImplemented => {
                return Err("This kernel has no Landlock (5.13 or newer has).".to_owned());
            }
        };
        match status.ruleset {
            RulesetStatus::FullyEnforced => Ok(format!("all of it (ABI {abi})")),
            RulesetStatus::PartiallyEnforced => Ok(format!("part of it (ABI {abi})")),
            RulesetStatus::NotEnforced => Err("Landlock does not hold here.".to_owned()),
        }
    }

    /// Calls that no command of an agent needs, and that lead around files or processes.
    const NEVER: [&str; 38] = [
        "acct",
        "add_key",
        "bpf",
        "chroot",
        "clock_adjtime",
        "clock_settime",
        "delete_module",
        "fanotify_init",
        "finit_module",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "init_module",
        "io_uring_enter",
        "io_uring_register",
        "io_uring_setup",
        "kexec_load",
        "keyctl",
        "mount",
        "mount_setattr",
        "move_mount",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "pidfd_getfd",
        "pivot_root",
        "process_vm_readv",
        "process_vm_writev",
        "ptrace",
        "reboot",
        "request_key",
        "setns",
        "settimeofday",
        "swapoff",
        "swapon",
        "umount2",
        "userfaultfd",
    ];

    /// The filter of system calls.
    fn calls(network: Network) -> Result<(), String> {
        let arch = seccompiler::TargetArch::try_from(std::env::consts::ARCH)
            .map_err(|error| format!("seccomp: {error}."))?;
        let filter = json!({ "calls": {
            "mismatch_action": "allow",
            "match_action": { "errno": 1 },
            "filter": rules(network),
        }});
        let text = filter.to_string();
        let programs = seccompiler::compile_from_json(text.as_bytes(), arch)
            .map_err(|error| format!("seccomp: {error}."))?;
        let program = programs
            .get("calls")
            .ok_or_else(|| "seccomp: no filter.".to_owned())?;
        seccompiler::apply_filter(program).map_err(|error| format!("seccomp: {error}."))
    }

    fn rules(network: Network) -> Vec<Value> {
        const UNIX: u32 = 1;
        const TIOCSTI: u32 = 0x5412;
        let argument = |index: u8, op: Value, val: u32| json!({ "index": index, "type": "dword", "op": op, "val": val });
        let when =
            |call: &str, arguments: Vec<Value>| json!({ "syscall": call, "args": arguments });
        let kind = |op: &str, val: u32| argument(0, json!(op), val);
        let mut rules: Vec<Value> = NEVER
            .iter()
            .map(|call| json!({ "syscall": call }))
            .collect();
        // Typing into a terminal from behind.
        rules.push(when("ioctl", vec![argument(1, json!("eq"), TIOCSTI)]));
        match network {
            Network::Off => {
                // Sockets of this machine stay for pipes within a command; none of them connects, so
                // that no service outside does its work.
                rules.push(when("socket", vec![kind("ne", UNIX)]));
                let datagram = argument(1, json!({ "masked_eq": 0xf }), 2);
                rules.push(when("socket", vec![kind("eq", UNIX), datagram]));
                let packets = argument(1, json!({ "masked_eq": 0xf }), 5);
                rules.push(when("socket", vec![kind("eq", UNIX), packets]));
                let raw = argument(1, json!({ "masked_eq": 0xf }), 3);
                rules.push(when("socket", vec![kind("eq", UNIX), raw]));
                rules.push(json!({ "syscall": "connect" }));
            }
            Network::On => {
                // Services of this machine (D-Bus, containers, key agents) are no network.
                let families = [2, 10, 16];
                let other = families.iter().map(|family| kind("ne", *family)).collect();
                rules.push(when("socket", other));
                let raw = argument(1, json!({ "masked_eq": 0xf }), 3);
                rules.push(when("socket", vec![kind("ne", 16), raw]));
            }
        }
        rules
    }
}
