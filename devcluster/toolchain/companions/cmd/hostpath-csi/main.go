// Command hostpath-csi is a CSI driver for clusters whose nodes all live on one machine.
//
// Every volume is a sparse image file with an XFS file system in a directory of the host, attached with a loop
// device where it is needed. On a file system with reflink (XFS, Btrfs) snapshots and clones share blocks and are made at once;
// elsewhere they are sparse copies. All state is on disk and in the kernel's mount table, so that the driver
// can be killed and restarted, and several drivers (one for each kubelet) can share one data directory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"k8s.io/klog/v2"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

type options struct {
	driverName      string
	endpoint        string
	nodeID          string
	dataDir         string
	registrationDir string
	controller      bool
	node            bool
}

func main() {
	var o options
	flag.StringVar(&o.driverName, "driver-name", "hostpath.csi.devcluster.local", "name under which the driver is registered")
	flag.StringVar(&o.endpoint, "endpoint", "", "socket to serve, unix:///absolute/path (required)")
	flag.StringVar(&o.nodeID, "node-id", "", "name of the node that this process serves (default: the host name)")
	flag.StringVar(&o.dataDir, "data-dir", "", "directory of volumes and snapshots, best on a file system with reflink (required)")
	flag.StringVar(&o.registrationDir, "kubelet-registration-dir", "", "the kubelet's plugins_registry directory: if given, register with that kubelet")
	flag.BoolVar(&o.controller, "controller", false, "serve the controller and group controller services (default: both these and --node)")
	flag.BoolVar(&o.node, "node", false, "serve the node service")
	klog.InitFlags(nil)
	flag.Parse()
	defer klog.Flush()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, o); err != nil {
		klog.ErrorS(err, "hostpath-csi failed")
		klog.FlushAndExit(klog.ExitFlushTimeout, 1)
	}
}

func run(ctx context.Context, o options) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if o.endpoint == "" || o.dataDir == "" {
		return errors.New("--endpoint and --data-dir are required")
	}
	if !o.controller && !o.node {
		o.controller, o.node = true, true
	}
	if o.registrationDir != "" && !o.node {
		return errors.New("--kubelet-registration-dir needs the node service (--node)")
	}
	if o.nodeID == "" {
		name, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("find a default for --node-id: %w", err)
		}
		o.nodeID = name
	}
	socket, err := socketPath(o.endpoint)
	if err != nil {
		return err
	}
	st, err := openStore(ctx, o.dataDir)
	if err != nil {
		return err
	}
	if o.controller {
		st.recover(ctx)
	}

	servers := []*server{{socket: socket, register: func(g *grpc.Server) {
		csi.RegisterIdentityServer(g, &identityServer{name: o.driverName, controller: o.controller})
		if o.controller {
			csi.RegisterControllerServer(g, &controllerServer{store: st})
			csi.RegisterGroupControllerServer(g, &groupControllerServer{store: st})
		}
		if o.node {
			csi.RegisterNodeServer(g, &nodeServer{store: st, id: o.nodeID})
		}
	}}}
	if o.registrationDir != "" {
		// Last, since the kubelet calls the driver's socket as soon as it sees this one.
		servers = append(servers, &server{
			socket: filepath.Join(o.registrationDir, o.driverName+"-reg.sock"),
			register: func(g *grpc.Server) {
				registerapi.RegisterRegistrationServer(g, &registrationServer{name: o.driverName, endpoint: socket})
			},
		})
	}
	klog.InfoS("Starting", "driver", o.driverName, "node", o.nodeID, "dataDir", st.dir, "endpoint", socket,
		"controllerService", o.controller, "nodeService", o.node)
	return serve(ctx, servers)
}
