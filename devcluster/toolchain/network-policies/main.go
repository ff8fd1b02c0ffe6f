// Command network-policies decides which connections the NetworkPolicies of the embedded cluster allow, as a CNI plugin does
// elsewhere. The decisions are those of kube-network-policies, the SIG Network project's own.
//
// It gets the first packet of each connection from netfilter's queue 100. Its own nftables rules need a kernel with nft_queue, and take
// the pods of one node; the rules that lead to the queue here are those of cluster/networkPolicies.ts.
package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file with the way to the Kubernetes API")
	queue := flag.Int("queue", 100, "number of netfilter's queue")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Fatal(err)
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	controller, err := networkpolicy.NewController(
		client,
		factory.Networking().V1().NetworkPolicies(),
		factory.Core().V1().Namespaces(),
		factory.Core().V1().Pods(),
		nil, nil, nil, nil, // AdminNetworkPolicies, which are alpha.
		// No node has this name: the rules of its own then lead nothing to the queue a second time.
		networkpolicy.Config{NodeName: "none", QueueID: *queue},
	)
	if err != nil {
		klog.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	factory.Start(ctx.Done())
	if err := controller.Run(ctx); err != nil {
		klog.Fatal(err) // The supervisor starts it again.
	}
}
