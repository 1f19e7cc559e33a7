# What follows is the same for every change. It needs a POSIX shell, coreutils, grep and systemctl.

note() {
    [ -e "$STATE/switch.verdict" ] || printf 'journal %s\n' "$JOURNAL" >"$STATE/switch.verdict"
    printf '%s\n' "$*" >>"$STATE/switch.verdict"
    flush "$STATE/switch.verdict"
}

flush() {
    sync -- "$@" 2>/dev/null || sync
}

# The digest of a file's content; nothing if there is no such file.
digest() {
    [ -e "$1" ] || return 0
    sum=$(sha256sum <"$1") || sum=unreadable
    printf '%s' "${sum%% *}"
}

is_under_way() {
    [ "$(digest "$STATE/journal.json")" = "$JOURNAL" ]
}

# A directory that a daemon reads file by file is no place for a half-written one.
temporary_for() {
    folder=${1%/*}
    above=${folder%/*}
    case $folder in
    *.d) [ "$(stat -c %d -- "$above")" != "$(stat -c %d -- "$folder")" ] || folder=$above ;;
    esac
    printf '%s/.%s.wasmwright-back' "$folder" "${1##*/}"
}

# Mode, owner and label of a file that is there stay; the content is seen whole or not at all.
put() {
    [ "$(digest "$2")" = "$3" ] || return 1
    mkdir -p -- "${1%/*}" || return 1
    temporary=$(temporary_for "$1")
    rm -f -- "$temporary"
    if [ -e "$1" ]; then cp -a -- "$1" "$temporary" || return 1; fi
    if ! { cat -- "$2" >"$temporary" && flush "$temporary" && mv -f -- "$temporary" "$1"; }; then
        rm -f -- "$temporary"
        return 1
    fi
    flush "${1%/*}"
}

# file PATH BEFORE AFTER: digests; nothing = the file does not exist. What somebody else has edited
# since is neither, and stays.
file() {
    target=$(readlink -f -- "$1") || target=$1
    rm -f -- "${target%/*}/.${target##*/}.wasmwright-new" "$(temporary_for "$target")"
    now=$(digest "$target")
    [ "$now" != "$2" ] || return 0
    if [ "$now" != "$3" ]; then
        note foreign "$1"
        return 0
    fi
    note restore "$1"
    restored=yes
    if [ -z "$2" ]; then
        rm -f -- "$target"
    else
        put "$target" "$STATE/files/$2" "$2" || note unrestored "$1"
    fi
}

# link PATH BEFORE AFTER: where the symlink leads; nothing = there is none.
link() {
    fresh=${1%/*}/.${1##*/}.wasmwright-new
    rm -f -- "$fresh"
    [ "$(readlink -- "$1")" = "$3" ] || return 0
    note restore "$1"
    if [ -n "$2" ]; then
        ln -s -- "$2" "$fresh" && mv -fT -- "$fresh" "$1"
    else
        rm -f -- "$1"
        rmdir -- "${1%/*}" 2>/dev/null || :
    fi
}

# folder PATH: one that the change made.
folder() {
    rmdir -- "$1" 2>/dev/null || :
}

# A daemon that has run since before the change has read nothing of it, unless it is being stopped.
# Its start is field 22 of proc_pid_stat(5).
has_old_daemon() {
    [ "$(state)" = active ] || return 1
    stat=$(cat "$PROC/$DAEMON/stat" 2>/dev/null) || return 1
    # shellcheck disable=SC2086 # split on purpose, after the name, which may hold anything
    set -- ${stat##*) }
    [ "${20}" = "$STARTED" ]
}

state() {
    shown=$(systemctl show --property=ActiveState "$UNIT")
    printf '%s' "${shown#ActiveState=}"
}

# Left-over bundles of dead shims hold up the daemon's start: it waits for `SHIM ... delete`, and
# that for a reader of a pipe which nobody opens.
free_start() {
    [ "$(state)" = activating ] || return 0
    for found in $(grep -lzx delete "$PROC"/[0-9]*/cmdline 2>/dev/null); do
        stuck=${found%/cmdline}
        case $(tr '\0' ' ' <"$found") in
        *containerd-shim-*) ;;
        *) continue ;;
        esac
        if [ "$(cat "$stuck/wchan")" = wait_for_partner ] || grep -q '^PPid:[[:space:]]*1$' "$stuck/status"; then
            kill -9 "${stuck##*/}" && note freed "${stuck##*/}"
        fi
    done 2>/dev/null
}

# The job belongs to PID 1; what is waited for here is only its end.
restart_once() {
    systemctl reset-failed "$UNIT"
    systemctl restart "$UNIT" &
    job=$!
    waited=0
    while kill -0 "$job" 2>/dev/null; do
        if [ "$waited" -ge "$RESTART" ]; then
            kill "$job"
            return 1
        fi
        [ "$waited" -lt "$HANG" ] || free_start
        sleep 1
        waited=$((waited + 1))
    done
    wait "$job"
}

restart() {
    note activate
    if restart_once || restart_once; then
        note active
    else
        note "failed $(state)"
    fi
}

activate() {
    case $ACTIVATION in
    Restart) has_old_daemon || restart ;;
    Reload)
        if [ -n "$restored" ]; then
            note activate
            systemctl reload "$UNIT" || note "failed $(state)"
        fi
        ;;
    Wait) [ -z "$restored" ] || note activate ;;
    esac
}

# A run that lives holds the lock and takes care of itself. One that is stuck for long is not waited
# for: should it ever go on, it stops this script first and then reads what was noted.
main() {
    restored=
    mkdir -p "${LOCK%/*}"
    exec 9>>"$LOCK"
    if command -v flock >/dev/null; then
        flock -w "$PATIENCE" 9 || note "went on although a run holds $LOCK"
    fi
    is_under_way || exit 0
    steps
    activate
}

main
