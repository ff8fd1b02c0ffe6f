package main

import (
	"context"

	"k8s.io/klog/v2"
	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// registrationServer tells the kubelet, which finds it by its socket, where the driver is served. It takes
// the place of the node-driver-registrar.
type registrationServer struct {
	registerapi.UnimplementedRegistrationServer
	name     string
	endpoint string
}

func (s *registrationServer) GetInfo(context.Context, *registerapi.InfoRequest) (*registerapi.PluginInfo, error) {
	return &registerapi.PluginInfo{
		Type:              registerapi.CSIPlugin,
		Name:              s.name,
		Endpoint:          s.endpoint,
		SupportedVersions: []string{"1.0.0"}, // of the CSI protocol: the kubelet wants 1.x or 0.x
	}, nil
}

func (s *registrationServer) NotifyRegistrationStatus(_ context.Context, st *registerapi.RegistrationStatus) (*registerapi.RegistrationStatusResponse, error) {
	if !st.PluginRegistered {
		// The kubelet tries again by itself, so there is nothing to do but say it.
		klog.ErrorS(nil, "The kubelet refused the registration", "driver", s.name, "error", st.Error)
	}
	return &registerapi.RegistrationStatusResponse{}, nil
}
