#!/bin/sh
# Has real shells load the completions and complete a word behind two subcommands and the value of an option.
# Needs bash, zsh and fish.
set -eu
. "$(dirname "$0")/common.sh"

need bash zsh fish
mkdir "$work/functions"
for shell in bash fish; do "$program" completions "$shell" >"$work/massgen-tui.$shell"; done
"$program" completions zsh >"$work/functions/_massgen-tui"
export HOME="$work"

# in_bash WORD…: what bash offers for the last word.
in_bash() {
    timeout 20 bash -c 'script=$1; shift; . "$script"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        offer=$(complete -p "$1") offer=${offer#*-F } offer=${offer%% *}
        "$offer" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$work/massgen-tui.bash" "$@"
}

# in_fish LINE: what fish offers at its end.
in_fish() {
    timeout 20 fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$work/massgen-tui.fish" "$1" | cut -f 1
}

cat >"$work/tab.zsh" <<'EOF'
# FUNCTIONS LINE WANTED: waits until the wanted words stand in a line editor after Tab.
zmodload zsh/zpty
zpty shell "zsh -f -i"
zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; print rea''dy"
zpty -r -m shell said "*ready*" || exit 1
zpty -n -w shell "$2"$'\t'
zpty -r -m shell said "*$3*" || exit 1
EOF

# in_zsh LINE WANTED: Tab behind the line makes the wanted words of it.
in_zsh() {
    timeout 20 zsh -f "$work/tab.zsh" "$work/functions" "$1" "$2" || fails "zsh: no \"$2\" of \"$1\""
}

[ "$(in_bash massgen-tui config che)" = check ] || fails "bash: $(in_bash massgen-tui config che)"
[ "$(in_bash massgen-tui run --theme da)" = dark ] || fails "bash: $(in_bash massgen-tui run --theme da)"
[ "$(in_fish 'massgen-tui config che')" = check ] || fails "fish: $(in_fish 'massgen-tui config che')"
[ "$(in_fish 'massgen-tui run --theme da')" = dark ] || fails "fish: $(in_fish 'massgen-tui run --theme da')"
in_zsh 'massgen-tui config che' 'config check'
in_zsh 'massgen-tui run --theme da' 'theme dark'
echo "ok: completions in bash $(bash -c 'echo ${BASH_VERSION%%(*}'), $(zsh --version | cut -d ' ' -f 1-2), $(fish --version | sed 's/, version//')"
