package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// groupControllerServer makes snapshots of several volumes at one point in time.
type groupControllerServer struct {
	csi.UnimplementedGroupControllerServer
	*store
}

func (s *groupControllerServer) GroupControllerGetCapabilities(context.Context, *csi.GroupControllerGetCapabilitiesRequest) (*csi.GroupControllerGetCapabilitiesResponse, error) {
	return &csi.GroupControllerGetCapabilitiesResponse{Capabilities: []*csi.GroupControllerServiceCapability{{
		Type: &csi.GroupControllerServiceCapability_Rpc{Rpc: &csi.GroupControllerServiceCapability_RPC{
			Type: csi.GroupControllerServiceCapability_RPC_CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT,
		}},
	}}}, nil
}

func (s *groupControllerServer) CreateVolumeGroupSnapshot(ctx context.Context, req *csi.CreateVolumeGroupSnapshotRequest) (*csi.CreateVolumeGroupSnapshotResponse, error) {
	if req.GetName() == "" || len(req.GetSourceVolumeIds()) == 0 {
		return nil, invalid("a name and source volumes are required")
	}
	sources := slices.Compact(slices.Sorted(slices.Values(req.GetSourceVolumeIds())))
	g := &group{ID: idFor(req.GetName()), Name: req.GetName(), SourceVolumes: sources}
	unlock, err := s.lock(ctx, s.groups.key(g.ID))
	if err != nil {
		return nil, err
	}
	defer unlock()
	existing, err := s.groups.find(g.ID)
	if err != nil {
		return nil, err
	}
	if existing != nil {
		if existing.Name != g.Name || !slices.Equal(existing.SourceVolumes, sources) {
			return nil, status.Errorf(codes.AlreadyExists, "group snapshot %q exists, of volumes %q", existing.Name, existing.SourceVolumes)
		}
		out, err := s.groupToCSI(existing)
		return &csi.CreateVolumeGroupSnapshotResponse{GroupSnapshot: out}, err
	}
	if err := s.removeMembers(ctx, g.ID); err != nil { // of an earlier try that was interrupted
		return nil, err
	}

	var snaps []*snapshot
	var keys []string
	for i, id := range sources {
		member := fmt.Sprintf("%s-%d", g.ID, i)
		snaps = append(snaps, &snapshot{ID: member, Name: member, SourceVolume: id, Group: g.ID})
		g.Snapshots = append(g.Snapshots, member)
		keys = append(keys, s.snapshots.key(member), s.volumes.key(id))
	}
	unlockMembers, err := s.lock(ctx, keys...)
	if err != nil {
		return nil, err
	}
	err = s.takeGroup(g, snaps)
	unlockMembers()
	if err != nil {
		return nil, also(err, s.removeMembers(s.life, g.ID))
	}
	out, err := s.groupToCSI(g)
	return &csi.CreateVolumeGroupSnapshotResponse{GroupSnapshot: out}, err
}

func (s *groupControllerServer) takeGroup(g *group, snaps []*snapshot) error {
	for _, snap := range snaps {
		if _, err := s.volumes.get(snap.SourceVolume); err != nil {
			return err
		}
		other, err := s.snapshots.find(snap.ID)
		if err != nil {
			return err
		}
		if other != nil {
			return status.Errorf(codes.AlreadyExists, "snapshot %q exists but is not part of the group", snap.ID)
		}
	}
	if err := s.takeSnapshots(snaps...); err != nil {
		return err
	}
	g.Created = snaps[0].Created
	if _, err := s.groups.begin(g.ID); err != nil {
		return err
	}
	defer s.groups.discard(g.ID)
	return s.groups.commit(g.ID, g)
}

// removeMembers removes the snapshots of a group that does not exist (any more). The caller holds its lock.
func (s *groupControllerServer) removeMembers(ctx context.Context, id string) error {
	snaps, err := s.snapshots.list()
	if err != nil {
		return err
	}
	var keys, members []string
	for _, snap := range snaps {
		if snap.Group == id {
			keys, members = append(keys, s.snapshots.key(snap.ID)), append(members, snap.ID)
		}
	}
	unlock, err := s.lock(ctx, keys...)
	if err != nil {
		return err
	}
	defer unlock()
	for _, member := range members {
		if err := s.snapshots.remove(member); err != nil {
			return err
		}
	}
	return nil
}

func (s *groupControllerServer) groupToCSI(g *group) (*csi.VolumeGroupSnapshot, error) {
	out := &csi.VolumeGroupSnapshot{GroupSnapshotId: g.ID, CreationTime: timestamppb.New(g.Created), ReadyToUse: true}
	for _, id := range g.Snapshots {
		snap, err := s.snapshots.get(id)
		if err != nil {
			return nil, err
		}
		out.Snapshots = append(out.Snapshots, snap.toCSI())
	}
	return out, nil
}

func (s *groupControllerServer) GetVolumeGroupSnapshot(_ context.Context, req *csi.GetVolumeGroupSnapshotRequest) (*csi.GetVolumeGroupSnapshotResponse, error) {
	if req.GetGroupSnapshotId() == "" {
		return nil, invalid("a group snapshot id is required")
	}
	g, err := s.groups.get(req.GetGroupSnapshotId())
	if err != nil {
		return nil, err
	}
	if err := g.checkMembers(req.GetSnapshotIds()); err != nil {
		return nil, err
	}
	out, err := s.groupToCSI(g)
	return &csi.GetVolumeGroupSnapshotResponse{GroupSnapshot: out}, err
}

func (s *groupControllerServer) DeleteVolumeGroupSnapshot(ctx context.Context, req *csi.DeleteVolumeGroupSnapshotRequest) (*csi.DeleteVolumeGroupSnapshotResponse, error) {
	id := req.GetGroupSnapshotId()
	if id == "" {
		return nil, invalid("a group snapshot id is required")
	}
	if !validID(id) { // there has never been one
		return &csi.DeleteVolumeGroupSnapshotResponse{}, nil
	}
	unlock, err := s.lock(ctx, s.groups.key(id))
	if err != nil {
		return nil, err
	}
	defer unlock()
	g, err := s.groups.find(id)
	if err != nil {
		return nil, err
	}
	if g != nil {
		if err := g.checkMembers(req.GetSnapshotIds()); err != nil {
			return nil, err
		}
		if err := s.groups.remove(id); err != nil {
			return nil, err
		}
	}
	if err := s.removeMembers(ctx, id); err != nil {
		return nil, err
	}
	return &csi.DeleteVolumeGroupSnapshotResponse{}, nil
}

// checkMembers compares the ids that a caller believes to be the members; none means that it did not say.
func (g *group) checkMembers(ids []string) error {
	if len(ids) == 0 || slices.Equal(slices.Sorted(slices.Values(ids)), slices.Sorted(slices.Values(g.Snapshots))) {
		return nil
	}
	return invalid("group snapshot %q consists of %q, not of %q", g.ID, g.Snapshots, ids)
}
