# Takes the dead man's switch off. $1 is its process.
kill "$1" 2> /dev/null
rm -f "${POD_SCRATCH:-/tmp}/thaw" "${POD_SCRATCH:-/tmp}/thaw.armed"
