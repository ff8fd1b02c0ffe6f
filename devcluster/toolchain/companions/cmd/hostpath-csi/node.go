package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// nodeServer mounts volumes. It keeps nothing in memory: what is mounted where is read from the kernel, so that
// a restarted driver and the drivers of other nodes on this machine agree.
type nodeServer struct {
	csi.UnimplementedNodeServer
	*store
	id string
}

func (s *nodeServer) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: s.id}, nil
}

func (s *nodeServer) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	resp := &csi.NodeGetCapabilitiesResponse{}
	for _, rpc := range []csi.NodeServiceCapability_RPC_Type{
		csi.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME,
		csi.NodeServiceCapability_RPC_GET_VOLUME_STATS,
		csi.NodeServiceCapability_RPC_EXPAND_VOLUME,
	} {
		resp.Capabilities = append(resp.Capabilities, &csi.NodeServiceCapability{
			Type: &csi.NodeServiceCapability_Rpc{Rpc: &csi.NodeServiceCapability_RPC{Type: rpc}},
		})
	}
	return resp, nil
}

// open checks the id of a request, locks the volume and reads its metadata.
func (s *nodeServer) open(ctx context.Context, id string) (v *volume, unlock func(), err error) {
	if unlock, err = s.lock(ctx, s.volumes.key(id)); err != nil {
		return nil, nil, err
	}
	if v, err = s.volumes.get(id); err != nil {
		unlock()
		return nil, nil, err
	}
	return v, unlock, nil
}

func (s *nodeServer) NodeStageVolume(ctx context.Context, req *csi.NodeStageVolumeRequest) (_ *csi.NodeStageVolumeResponse, err error) {
	if req.GetVolumeId() == "" || req.GetStagingTargetPath() == "" {
		return nil, invalid("a volume id and a staging path are required")
	}
	capability := req.GetVolumeCapability()
	if err := checkCapability(capability); err != nil {
		return nil, err
	}
	v, unlock, err := s.open(ctx, req.GetVolumeId())
	if err != nil {
		return nil, err
	}
	defer unlock()
	image := s.volumes.image(v.ID)
	device, err := attach(image)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = also(err, detachUnused(image))
		}
	}()
	mounts, err := mountsOf(device)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(req.GetStagingTargetPath(), 0o750); err != nil {
		return nil, err
	}
	staging := realPath(req.GetStagingTargetPath())
	if mountAt(mounts, staging) == nil {
		if err := refuseMounted(staging); err != nil {
			return nil, err
		}
		if err := mountFS(device, staging, capability.GetMount().GetMountFlags()); err != nil {
			return nil, err
		}
	}
	return &csi.NodeStageVolumeResponse{}, nil
}

// mountFS also lets the file system fill the image, which may have grown while it was not mounted, or be a copy
// that is larger than its source.
func mountFS(device loopDevice, staging string, flags []string) error {
	// A restored snapshot has the UUID of its source, which may be mounted too.
	options := append([]string{"nouuid"}, flags...)
	if _, err := runCommand("mount", "-t", fsType, "-o", strings.Join(options, ","), device.path, staging); err != nil {
		return err
	}
	if slices.Contains(options, "ro") {
		return nil
	}
	if err := growFS(staging); err != nil {
		return also(err, unmount(staging))
	}
	return nil
}

// growFS lets the file system that is mounted there fill its device.
func growFS(path string) error {
	_, err := runCommand("xfs_growfs", path)
	return err
}

func (s *nodeServer) NodeUnstageVolume(ctx context.Context, req *csi.NodeUnstageVolumeRequest) (*csi.NodeUnstageVolumeResponse, error) {
	id := req.GetVolumeId()
	if id == "" || req.GetStagingTargetPath() == "" {
		return nil, invalid("a volume id and a staging path are required")
	}
	if !validID(id) {
		_, err := s.volumes.get(id)
		return nil, err
	}
	unlock, err := s.lock(ctx, s.volumes.key(id)) // the volume itself need not exist any more
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := unmount(realPath(req.GetStagingTargetPath())); err != nil {
		return nil, err
	}
	if err := detachUnused(s.volumes.image(id)); err != nil {
		return nil, err
	}
	return &csi.NodeUnstageVolumeResponse{}, nil
}

func (s *nodeServer) NodePublishVolume(ctx context.Context, req *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	if req.GetVolumeId() == "" || req.GetTargetPath() == "" {
		return nil, invalid("a volume id and a target path are required")
	}
	capability := req.GetVolumeCapability()
	if err := checkCapability(capability); err != nil {
		return nil, err
	}
	if req.GetStagingTargetPath() == "" {
		return nil, status.Error(codes.FailedPrecondition, "a staging path is required")
	}
	readOnly := req.GetReadonly()
	switch capability.GetAccessMode().GetMode() {
	case csi.VolumeCapability_AccessMode_SINGLE_NODE_READER_ONLY, csi.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY:
		readOnly = true
	}
	v, unlock, err := s.open(ctx, req.GetVolumeId())
	if err != nil {
		return nil, err
	}
	defer unlock()
	mounts, err := mountsOfImage(s.volumes.image(v.ID))
	if err != nil {
		return nil, err
	}
	staged := mountAt(mounts, realPath(req.GetStagingTargetPath()))
	if staged == nil {
		return nil, status.Errorf(codes.FailedPrecondition, "volume %q is not staged at %s", v.ID, req.GetStagingTargetPath())
	}
	target := realPath(req.GetTargetPath())
	if m := mountAt(mounts, target); m != nil {
		if m.readOnly != readOnly {
			return nil, status.Errorf(codes.AlreadyExists, "volume %q is already published at %s in another way", v.ID, target)
		}
		return &csi.NodePublishVolumeResponse{}, nil
	}
	if err := refuseMounted(target); err != nil {
		return nil, err
	}
	if err := bind(staged.path, target, readOnly); err != nil {
		return nil, err
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (s *nodeServer) NodeUnpublishVolume(ctx context.Context, req *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	id := req.GetVolumeId()
	if id == "" || req.GetTargetPath() == "" {
		return nil, invalid("a volume id and a target path are required")
	}
	if !validID(id) {
		_, err := s.volumes.get(id)
		return nil, err
	}
	unlock, err := s.lock(ctx, s.volumes.key(id))
	if err != nil {
		return nil, err
	}
	defer unlock()
	target := realPath(req.GetTargetPath())
	if err := unmount(target); err != nil {
		return nil, err
	}
	// Not RemoveAll: should something be in the directory, it is not ours.
	if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

// bind mounts a directory. A read-only mount is never writable in between for others to see it, since the target
// is new.
func bind(from, target string, readOnly bool) error {
	if err := os.MkdirAll(target, 0o750); err != nil {
		return err
	}
	options := "bind"
	if readOnly {
		options += ",ro"
	}
	if _, err := runCommand("mount", "-o", options, from, target); err != nil {
		// Binding read-only takes two steps, and the first may have been done.
		return errors.Join(err, unmount(target), os.Remove(target))
	}
	return nil
}

// refuseMounted fails if something is mounted at a path where a volume is to be mounted.
func refuseMounted(path string) error {
	mounted, err := isMounted(path)
	if err != nil {
		return err
	}
	if mounted {
		return status.Errorf(codes.FailedPrecondition, "something else is mounted on %s", path)
	}
	return nil
}

// unmount removes all mounts on a path, if there are any.
func unmount(path string) error {
	for {
		mounted, err := isMounted(path)
		if err != nil || !mounted {
			return err
		}
		if _, err := runCommand("umount", path); err != nil {
			return err
		}
	}
}

// mounted returns the mount of a volume at the path that a request names.
func (s *nodeServer) mounted(id, path string) (*mountPoint, []mountPoint, error) {
	mounts, err := mountsOfImage(s.volumes.image(id))
	if err != nil {
		return nil, nil, err
	}
	m := mountAt(mounts, realPath(path))
	if m == nil {
		return nil, nil, status.Errorf(codes.NotFound, "volume %q is not mounted at %s", id, path)
	}
	return m, mounts, nil
}

func (s *nodeServer) NodeGetVolumeStats(_ context.Context, req *csi.NodeGetVolumeStatsRequest) (*csi.NodeGetVolumeStatsResponse, error) {
	if req.GetVolumeId() == "" || req.GetVolumePath() == "" {
		return nil, invalid("a volume id and a path are required")
	}
	v, err := s.volumes.get(req.GetVolumeId()) // without the lock: the kubelet asks often and need not wait
	if err != nil {
		return nil, err
	}
	m, _, err := s.mounted(v.ID, req.GetVolumePath())
	if err != nil {
		return nil, err
	}
	var st unix.Statfs_t
	if err := unix.Statfs(m.path, &st); err != nil {
		return nil, fmt.Errorf("statfs %s: %w", m.path, err)
	}
	return &csi.NodeGetVolumeStatsResponse{Usage: []*csi.VolumeUsage{
		{
			Unit:      csi.VolumeUsage_BYTES,
			Total:     int64(st.Blocks) * st.Bsize,
			Used:      int64(st.Blocks-st.Bfree) * st.Bsize,
			Available: int64(st.Bavail) * st.Bsize,
		}, {
			Unit:      csi.VolumeUsage_INODES,
			Total:     int64(st.Files),
			Used:      int64(st.Files - st.Ffree),
			Available: int64(st.Ffree),
		},
	}}, nil
}

func (s *nodeServer) NodeExpandVolume(ctx context.Context, req *csi.NodeExpandVolumeRequest) (*csi.NodeExpandVolumeResponse, error) {
	if req.GetVolumeId() == "" || req.GetVolumePath() == "" {
		return nil, invalid("a volume id and a path are required")
	}
	v, unlock, err := s.open(ctx, req.GetVolumeId())
	if err != nil {
		return nil, err
	}
	defer unlock()
	m, mounts, err := s.mounted(v.ID, req.GetVolumePath())
	if err != nil {
		return nil, err
	}
	if err := refreshSize(m.device); err != nil {
		return nil, err
	}
	path := m.path
	for _, other := range mounts { // xfs_growfs cannot work through a read-only mount
		if !other.readOnly && m.readOnly {
			path = other.path
		}
	}
	if err := growFS(path); err != nil {
		return nil, err
	}
	size, err := deviceSize(m.device)
	return &csi.NodeExpandVolumeResponse{CapacityBytes: size}, err
}

func deviceSize(l loopDevice) (int64, error) {
	f, err := os.Open(l.path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.Seek(0, io.SeekEnd)
}
