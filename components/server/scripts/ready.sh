# Succeeds once the server may get requests. What it finds is kept in the folder of this start.

# Seconds for which a server that has found its peers gets no requests yet: it looks for the drives that it has missed after 15 s.
settle=17

ask() { ask_server --fail --max-time 2 --include "$1"; }
others_serve() { ask "$CLUSTER_URL/minio/health/live" > /dev/null; }
is_writable() { ask "$POD_URL/minio/health/cluster" > /dev/null; }
# A drive that was formatted before this start has been used before.
was_used() { [ -e "$1" ] && [ "$1" -ot server ]; }

command -v curl > /dev/null || exit 0
{ cd "$POD_SCRATCH/start" && [ -e server ]; } || exit 1
[ -e looked ] || { { was_used "$POD_DRIVES"*/.minio.sys/format.json || others_serve; } && : > settle; : > looked; }
[ -e settle ] || { is_writable; exit; }
# A server that waits for its peers answers with X-Minio-Server-Status: offline.
case "$(ask "$POD_URL/minio/health/live")" in *offline* | "") exit 1 ;; esac
[ -e started ] || date +%s > started
[ -e complete ] && is_writable && exit 0
[ $(($(date +%s) - $(cat started))) -ge "$settle" ]
