# Arms the dead man's switch, which thaws the cluster when its time is over. $1 is the time in seconds, $2 what curl is told.

# Seconds for which it tries.
tries=30

# A pod that an earlier version of the component has made does not say it.
file=${POD_SCRATCH:-/tmp}/thaw

thaw() { curl --config "$file"; }

umask 077
printf '%s' "$2" > "$file"
# It does nothing to a cluster that is not frozen: so a switch that would not work is noticed before the freeze.
thaw || { rm -f "$file"; exit 1; }
# One that a dead program has left would thaw the next freeze too early: only the last one that was armed counts.
armed=$$-$(date +%s)
printf '%s' "$armed" > "$file.armed"
(
    sleep "$1"
    [ "$(cat "$file.armed")" = "$armed" ] || exit
    tried=0
    while ! thaw && [ "$tried" -lt "$tries" ]; do tried=$((tried + 1)); sleep 1; done
    rm -f "$file" "$file.armed"
) < /dev/null > /dev/null 2>&1 &
echo $!
