// Each version of Kubernetes has a module file of its own beside this one, which only tells where the module's root is:
// go build -modfile=1.37.mod
module minio-cluster/devcluster/kubernetes

go 1.26.8
