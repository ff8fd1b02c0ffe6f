package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	mount "k8s.io/mount-utils"
	utilexec "k8s.io/utils/exec"
)

// nodeServer mounts volumes. It keeps nothing in memory: what is mounted where is read from the kernel, so that
// a restarted driver and the drivers of other nodes on this machine agree.
type nodeServer struct {
	csi.UnimplementedNodeServer
	*store
	id      string
	mounter *mount.SafeFormatAndMount
	resizer *mount.ResizeFs
}

func newNodeServer(s *store, id string) *nodeServer {
	run := utilexec.New()
	return &nodeServer{
		store:   s,
		id:      id,
		mounter: mount.NewSafeFormatAndMount(mount.NewWithoutSystemd(""), run),
		resizer: mount.NewResizeFs(run),
	}
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

// stagingMount is where the mount that keeps a volume staged is found. A raw device is bound to a file in the
// staging directory for no other reason than that the mount table then tells that this node uses it.
func stagingMount(staging string, block bool) string {
	if block {
		return filepath.Join(realPath(staging), "device")
	}
	return realPath(staging)
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
	block := capability.GetBlock() != nil
	if err := os.MkdirAll(req.GetStagingTargetPath(), 0o750); err != nil {
		return nil, err
	}
	staging := stagingMount(req.GetStagingTargetPath(), block)
	if mountAt(mounts, staging) == nil {
		if err := refuseMounted(staging); err != nil {
			return nil, err
		}
		if block {
			err = s.bind(device.path, staging, false, true)
		} else {
			err = s.mountFS(v, device, mounts, staging, capability.GetMount())
		}
		if err != nil {
			return nil, err
		}
	}
	return &csi.NodeStageVolumeResponse{}, nil
}

// mountFS also lets the file system fill the image, which may have grown while it was not mounted, or be a copy
// that is larger than its source.
func (s *nodeServer) mountFS(v *volume, device loopDevice, mounts []mountPoint, staging string, m *csi.VolumeCapability_MountVolume) error {
	// Found and not only recorded: a raw block volume may have been formatted by its user.
	found, err := s.mounter.GetDiskFormat(device.path)
	if err != nil {
		return err
	}
	fsType, wanted := found, m.GetFsType()
	switch {
	case fsType == "" && wanted != "":
		fsType = wanted
	case fsType == "" && v.FSType != "":
		fsType = v.FSType
	case fsType == "":
		fsType = defaultFSType
	case wanted != "" && wanted != fsType:
		return invalid("volume %q has file system %s, not %s", v.ID, fsType, wanted)
	}
	options := m.GetMountFlags()
	readOnly := slices.Contains(options, "ro")
	if fsType == "xfs" {
		// A restored snapshot has the UUID of its source, which may be mounted too.
		options = append([]string{"nouuid"}, options...)
	}
	for _, other := range mounts {
		if !other.block { // fsck would complain about the mount that another node has
			return s.mounter.Mount(device.path, staging, fsType, options)
		}
	}
	if found == "ext4" && !readOnly {
		if err := growUnmountedExt4(device); err != nil {
			return err
		}
	}
	if err := s.mounter.FormatAndMount(device.path, staging, fsType, options); err != nil {
		return err
	}
	if fsType == "xfs" && !readOnly {
		if _, err := s.resizer.Resize(device.path, staging); err != nil {
			return also(err, s.unmount(staging))
		}
	}
	return nil
}

// growUnmountedExt4 is for devices that are mounted nowhere: growing a mounted ext4 needs CAP_SYS_RESOURCE,
// which root has not got in every sandbox.
func growUnmountedExt4(device loopDevice) error {
	header, err := runCommand("dumpe2fs", "-h", device.path)
	if err != nil {
		return err
	}
	var blocks, size int64
	for line := range strings.Lines(header) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			switch n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64); name {
			case "Block count":
				blocks = n
			case "Block size":
				size = n
			}
		}
	}
	total, err := deviceSize(device)
	if err != nil || (blocks+1)*size > total {
		return err
	}
	var exit *exec.ExitError
	if _, err := runCommand("e2fsck", "-f", "-p", device.path); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) { // 1: repaired
		return err
	}
	_, err = runCommand("resize2fs", device.path)
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
	device := stagingMount(req.GetStagingTargetPath(), true)
	if err := s.unmount(device); err != nil {
		return nil, err
	}
	if err := s.unmount(stagingMount(req.GetStagingTargetPath(), false)); err != nil {
		return nil, err
	}
	// The file for a raw device. Within a file system that turned up by unmounting, it is none of ours.
	if st, err := os.Lstat(device); err == nil && st.Mode().IsRegular() && st.Size() == 0 {
		if err := os.Remove(device); err != nil {
			return nil, err
		}
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
	block := capability.GetBlock() != nil
	readOnly := req.GetReadonly()
	switch capability.GetAccessMode().GetMode() {
	case csi.VolumeCapability_AccessMode_SINGLE_NODE_READER_ONLY, csi.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY:
		readOnly = true
	}
	if block && readOnly {
		// Binding a device read-only does not keep anybody from writing to it.
		return nil, invalid("raw block volumes cannot be read-only")
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
	staged := mountAt(mounts, stagingMount(req.GetStagingTargetPath(), block))
	if staged == nil {
		return nil, status.Errorf(codes.FailedPrecondition, "volume %q is not staged at %s", v.ID, req.GetStagingTargetPath())
	}
	target := realPath(req.GetTargetPath())
	if m := mountAt(mounts, target); m != nil {
		if m.block != block || m.readOnly != readOnly {
			return nil, status.Errorf(codes.AlreadyExists, "volume %q is already published at %s in another way", v.ID, target)
		}
		return &csi.NodePublishVolumeResponse{}, nil
	}
	if err := refuseMounted(target); err != nil {
		return nil, err
	}
	from := staged.path
	if block {
		from = staged.device.path
	}
	if err := s.bind(from, target, readOnly, block); err != nil {
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
	if err := s.unmount(target); err != nil {
		return nil, err
	}
	// Not RemoveAll: should something be in the directory, it is not ours.
	if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

// bind mounts a directory, or a device on a file. A read-only mount is never writable in between for others to
// see it, since the target is new.
func (s *nodeServer) bind(from, target string, readOnly, file bool) error {
	var err error
	if file {
		if err = os.MkdirAll(filepath.Dir(target), 0o750); err == nil {
			var f *os.File
			if f, err = os.OpenFile(target, os.O_CREATE, 0o600); err == nil {
				err = f.Close()
			}
		}
	} else {
		err = os.MkdirAll(target, 0o750)
	}
	if err != nil {
		return err
	}
	options := []string{"bind"}
	if readOnly {
		options = append(options, "ro")
	}
	if err := s.mounter.Mount(from, target, "", options); err != nil {
		// Binding read-only takes two steps, and the first may have been done.
		return errors.Join(err, s.unmount(target), os.Remove(target))
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
func (s *nodeServer) unmount(path string) error {
	for {
		mounted, err := isMounted(path)
		if err != nil || !mounted {
			return err
		}
		if err := s.mounter.Unmount(path); err != nil {
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
		m = mountAt(mounts, stagingMount(path, true))
	}
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
	if m.block {
		size, err := deviceSize(m.device)
		return &csi.NodeGetVolumeStatsResponse{Usage: []*csi.VolumeUsage{{Unit: csi.VolumeUsage_BYTES, Total: size}}}, err
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
	if !m.block {
		path := m.path
		for _, other := range mounts { // xfs_growfs cannot work through a read-only mount
			if !other.block && !other.readOnly && m.readOnly {
				path = other.path
			}
		}
		if _, err := s.resizer.Resize(m.device.path, path); err != nil {
			if strings.Contains(err.Error(), "Permission denied to resize filesystem") {
				// This code makes the kubelet wait for the next staging, where mountFS does it.
				return nil, status.Errorf(codes.FailedPrecondition, "volume %q cannot grow while it is mounted, since the "+
					"driver lacks CAP_SYS_RESOURCE; it will when it is staged again (xfs can at once): %v", v.ID, err)
			}
			return nil, err
		}
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
