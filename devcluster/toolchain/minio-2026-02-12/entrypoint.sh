#!/bin/sh
# The rules of Silo's image, for those who start it by its entry point, such as charts: `minio` runs `silo`, and so does whatever
# is no program's name.
case "${1-}" in
silo | minio | "")
    [ $# -eq 0 ] || shift
    ;;
esac
exec silo "$@"
