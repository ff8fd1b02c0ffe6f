# How the scripts ask a server. No proxy among the pod's variables gets the question, which may be signed.
ask_server() { curl --noproxy '*' --insecure --silent "$@"; }
