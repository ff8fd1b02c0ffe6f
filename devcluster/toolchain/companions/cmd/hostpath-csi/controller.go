package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	defaultCapacity = 1 << 30
	minCapacity     = 300 << 20 // the smallest volume that mkfs.xfs takes
	blockSize       = 4096      // capacities are multiples of it
	fsType          = "xfs"

	// fsTypeParameter is taken from a StorageClass by the csi-provisioner, which then sends it as the file system
	// of the capability; other callers may send it as it is.
	fsTypeParameter = "csi.storage.k8s.io/fstype"
)

// controllerServer makes, copies, lists and removes volumes and snapshots.
type controllerServer struct {
	csi.UnimplementedControllerServer
	*store
}

func (s *controllerServer) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	resp := &csi.ControllerGetCapabilitiesResponse{}
	for _, rpc := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_LIST_VOLUMES,
		csi.ControllerServiceCapability_RPC_LIST_SNAPSHOTS,
		csi.ControllerServiceCapability_RPC_GET_CAPACITY,
		csi.ControllerServiceCapability_RPC_CLONE_VOLUME,
		csi.ControllerServiceCapability_RPC_EXPAND_VOLUME,
	} {
		resp.Capabilities = append(resp.Capabilities, &csi.ControllerServiceCapability{
			Type: &csi.ControllerServiceCapability_Rpc{Rpc: &csi.ControllerServiceCapability_RPC{Type: rpc}},
		})
	}
	return resp, nil
}

func (s *controllerServer) CreateVolume(ctx context.Context, req *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	if req.GetName() == "" {
		return nil, invalid("a volume needs a name")
	}
	if len(req.GetMutableParameters()) > 0 {
		return nil, invalid("mutable parameters are not supported")
	}
	if err := checkRequest(req.GetVolumeCapabilities(), req.GetParameters()); err != nil {
		return nil, err
	}
	v := &volume{ID: idFor(req.GetName()), Name: req.GetName()}
	keys := []string{s.volumes.key(v.ID)}
	if content := req.GetVolumeContentSource(); content != nil {
		v.Source = &source{Snapshot: content.GetSnapshot().GetSnapshotId(), Volume: content.GetVolume().GetVolumeId()}
		switch {
		case v.Source.Snapshot != "":
			keys = append(keys, s.snapshots.key(v.Source.Snapshot))
		case v.Source.Volume != "":
			keys = append(keys, s.volumes.key(v.Source.Volume))
		default:
			return nil, invalid("the content source names neither a snapshot nor a volume")
		}
	}
	unlock, err := s.lock(ctx, keys...)
	if err != nil {
		return nil, err
	}
	defer unlock()

	existing, err := s.volumes.find(v.ID)
	if err != nil {
		return nil, err
	}
	if existing != nil {
		if why := existing.mismatch(v, req.GetCapacityRange()); why != "" {
			return nil, status.Errorf(codes.AlreadyExists, "volume %q exists but %s", v.Name, why)
		}
		return &csi.CreateVolumeResponse{Volume: existing.toCSI()}, nil
	}
	if err := s.makeVolume(v, req.GetCapacityRange()); err != nil {
		return nil, err
	}
	return &csi.CreateVolumeResponse{Volume: v.toCSI()}, nil
}

func (s *controllerServer) makeVolume(v *volume, capacity *csi.CapacityRange) error {
	var from string
	var least int64 = minCapacity
	switch {
	case v.Source == nil:
	case v.Source.Snapshot != "":
		snap, err := s.snapshots.get(v.Source.Snapshot)
		if err != nil {
			return err
		}
		from, least = s.snapshots.image(snap.ID), snap.Size
	default:
		vol, err := s.volumes.get(v.Source.Volume)
		if err != nil {
			return err
		}
		from, least = s.volumes.image(vol.ID), vol.Capacity
	}
	var err error
	if v.Capacity, err = chooseCapacity(capacity, least, defaultCapacity); err != nil {
		return err
	}

	dir, err := s.volumes.begin(v.ID)
	if err != nil {
		return err
	}
	defer s.volumes.discard(v.ID) // does nothing after the commit
	image := filepath.Join(dir, imageName)
	switch {
	case v.Source == nil:
		err = createImage(image, v.Capacity)
	case v.Source.Snapshot != "":
		err = copyImage(s.life, image, from)
	default:
		err = s.whileFrozen([]string{v.Source.Volume}, func() error { return copyImage(s.life, image, from) })
	}
	if err != nil {
		return err
	}
	// The file system in a copy grows into its new size when it is staged.
	if err := growImage(image, v.Capacity); err != nil {
		return err
	}
	if err := syncPath(image); err != nil {
		return err
	}
	v.Created = time.Now().UTC()
	return s.volumes.commit(v.ID, v)
}

// mismatch says in what respect the volume is not the one that is asked for.
func (v *volume) mismatch(wanted *volume, capacity *csi.CapacityRange) string {
	switch limit := capacity.GetLimitBytes(); {
	case v.Name != wanted.Name:
		return fmt.Sprintf("is named %q", v.Name)
	case v.Capacity < capacity.GetRequiredBytes():
		return fmt.Sprintf("has %d bytes, fewer than the required %d", v.Capacity, capacity.GetRequiredBytes())
	case limit > 0 && v.Capacity > limit:
		return fmt.Sprintf("has %d bytes, more than the limit of %d", v.Capacity, limit)
	case (v.Source == nil) != (wanted.Source == nil), v.Source != nil && *v.Source != *wanted.Source:
		return "has another content source"
	}
	return ""
}

func (v *volume) toCSI() *csi.Volume {
	out := &csi.Volume{VolumeId: v.ID, CapacityBytes: v.Capacity}
	switch {
	case v.Source == nil:
	case v.Source.Snapshot != "":
		out.ContentSource = &csi.VolumeContentSource{Type: &csi.VolumeContentSource_Snapshot{
			Snapshot: &csi.VolumeContentSource_SnapshotSource{SnapshotId: v.Source.Snapshot},
		}}
	default:
		out.ContentSource = &csi.VolumeContentSource{Type: &csi.VolumeContentSource_Volume{
			Volume: &csi.VolumeContentSource_VolumeSource{VolumeId: v.Source.Volume},
		}}
	}
	return out
}

func (s *controllerServer) DeleteVolume(ctx context.Context, req *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	id := req.GetVolumeId()
	if id == "" {
		return nil, invalid("a volume id is required")
	}
	if !validID(id) { // there has never been one
		return &csi.DeleteVolumeResponse{}, nil
	}
	unlock, err := s.lock(ctx, s.volumes.key(id))
	if err != nil {
		return nil, err
	}
	defer unlock()
	mounts, err := mountsOfImage(s.volumes.image(id))
	if err != nil {
		return nil, err
	}
	if len(mounts) > 0 {
		return nil, status.Errorf(codes.FailedPrecondition, "volume %q is still mounted on %s", id, mounts[0].path)
	}
	if err := detachUnused(s.volumes.image(id)); err != nil { // of a driver that died while staging
		return nil, err
	}
	if err := s.volumes.remove(id); err != nil {
		return nil, err
	}
	return &csi.DeleteVolumeResponse{}, nil
}

func (s *controllerServer) ControllerExpandVolume(ctx context.Context, req *csi.ControllerExpandVolumeRequest) (*csi.ControllerExpandVolumeResponse, error) {
	id := req.GetVolumeId()
	if id == "" || req.GetCapacityRange() == nil {
		return nil, invalid("a volume id and a capacity range are required")
	}
	unlock, err := s.lock(ctx, s.volumes.key(id))
	if err != nil {
		return nil, err
	}
	defer unlock()
	v, err := s.volumes.get(id)
	if err != nil {
		return nil, err
	}
	size, err := chooseCapacity(req.GetCapacityRange(), v.Capacity, v.Capacity)
	if err != nil {
		return nil, err
	}
	// The image first: if the driver dies in between, the repeated call finds the larger image and goes on.
	if err := growImage(s.volumes.image(id), size); err != nil {
		return nil, err
	}
	if v.Capacity != size {
		v.Capacity = size
		if err := s.volumes.update(id, v); err != nil {
			return nil, err
		}
	}
	return &csi.ControllerExpandVolumeResponse{CapacityBytes: size, NodeExpansionRequired: true}, nil
}

func (s *controllerServer) ListVolumes(_ context.Context, req *csi.ListVolumesRequest) (*csi.ListVolumesResponse, error) {
	all, err := s.volumes.list()
	if err != nil {
		return nil, err
	}
	part, next, err := page(all, func(v *volume) string { return v.ID }, req.GetStartingToken(), req.GetMaxEntries())
	if err != nil {
		return nil, err
	}
	resp := &csi.ListVolumesResponse{NextToken: next}
	for _, v := range part {
		resp.Entries = append(resp.Entries, &csi.ListVolumesResponse_Entry{Volume: v.toCSI()})
	}
	return resp, nil
}

// GetCapacity reports the free space below the data directory. Volumes are sparse, so larger ones can be made.
func (s *controllerServer) GetCapacity(context.Context, *csi.GetCapacityRequest) (*csi.GetCapacityResponse, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return nil, fmt.Errorf("statfs %s: %w", s.dir, err)
	}
	return &csi.GetCapacityResponse{AvailableCapacity: int64(st.Bavail) * st.Bsize}, nil
}

func (s *controllerServer) ValidateVolumeCapabilities(_ context.Context, req *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	if req.GetVolumeId() == "" || len(req.GetVolumeCapabilities()) == 0 {
		return nil, invalid("a volume id and capabilities are required")
	}
	if _, err := s.volumes.get(req.GetVolumeId()); err != nil {
		return nil, err
	}
	if err := checkRequest(req.GetVolumeCapabilities(), req.GetParameters()); err != nil {
		return &csi.ValidateVolumeCapabilitiesResponse{Message: status.Convert(err).Message()}, nil
	}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: &csi.ValidateVolumeCapabilitiesResponse_Confirmed{
		VolumeContext: req.GetVolumeContext(), VolumeCapabilities: req.GetVolumeCapabilities(), Parameters: req.GetParameters(),
	}}, nil
}

// checkRequest checks the capabilities and parameters of a request. All access modes are possible, since all
// nodes are on one machine and mount the same device.
func checkRequest(capabilities []*csi.VolumeCapability, parameters map[string]string) error {
	if len(capabilities) == 0 {
		return invalid("volume capabilities are required")
	}
	for name := range parameters {
		// The rest of this prefix is what the csi-provisioner tells about the claim.
		if !strings.HasPrefix(name, "csi.storage.k8s.io/") {
			return invalid("unknown parameter %q", name)
		}
	}
	if err := checkFSType(parameters[fsTypeParameter]); err != nil {
		return err
	}
	for _, c := range capabilities {
		if err := checkCapability(c); err != nil {
			return err
		}
	}
	return nil
}

func checkCapability(c *csi.VolumeCapability) error {
	switch {
	case c == nil:
		return invalid("a volume capability is required")
	case c.GetBlock() != nil:
		return invalid("raw block volumes are not supported")
	case c.GetMount() == nil:
		return invalid("the volume capability has no access type")
	case c.GetAccessMode().GetMode() == csi.VolumeCapability_AccessMode_UNKNOWN:
		return invalid("the volume capability has no access mode")
	}
	return checkFSType(c.GetMount().GetFsType())
}

func checkFSType(wanted string) error {
	if wanted != "" && wanted != fsType {
		return invalid("file system %q is not supported, only %s is", wanted, fsType)
	}
	return nil
}

// chooseCapacity returns the smallest capacity within the range that is not below least; without a range the
// usual one.
func chooseCapacity(r *csi.CapacityRange, least, usual int64) (int64, error) {
	required, limit := r.GetRequiredBytes(), r.GetLimitBytes()
	if required < 0 || limit < 0 {
		return 0, status.Error(codes.OutOfRange, "a capacity cannot be negative")
	}
	if limit > 0 && required > limit {
		return 0, status.Errorf(codes.OutOfRange, "%d bytes are required, but the limit is %d", required, limit)
	}
	size := required
	if size == 0 {
		size = usual
		if limit > 0 {
			size = min(size, limit/blockSize*blockSize)
		}
	}
	if size = max(size, least); size > math.MaxInt64-blockSize {
		return 0, status.Errorf(codes.OutOfRange, "%d bytes are too many", size)
	}
	size = (size + blockSize - 1) / blockSize * blockSize
	if limit > 0 && size > limit {
		return 0, status.Errorf(codes.OutOfRange, "the volume needs at least %d bytes, but the limit is %d", size, limit)
	}
	return size, nil
}

// page cuts one page out of a list that is sorted by id. Tokens name the last id of the page before, and so
// stay good whatever is made or removed in between.
func page[T any](all []T, id func(T) string, token string, entries int32) (part []T, next string, err error) {
	const prefix = "after:"
	if entries < 0 {
		return nil, "", invalid("the number of entries cannot be negative")
	}
	if token != "" {
		last, ok := strings.CutPrefix(token, prefix)
		if !ok {
			return nil, "", status.Errorf(codes.Aborted, "invalid starting token %q", token)
		}
		for len(all) > 0 && id(all[0]) <= last {
			all = all[1:]
		}
	}
	if n := int(entries); n > 0 && n < len(all) {
		return all[:n], prefix + id(all[n-1]), nil
	}
	return all, "", nil
}
