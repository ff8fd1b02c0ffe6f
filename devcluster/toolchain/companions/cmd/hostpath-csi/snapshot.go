package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func (s *controllerServer) CreateSnapshot(ctx context.Context, req *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	if req.GetName() == "" || req.GetSourceVolumeId() == "" {
		return nil, invalid("a name and a source volume are required")
	}
	id := idFor(req.GetName())
	unlock, err := s.lock(ctx, s.snapshots.key(id), s.volumes.key(req.GetSourceVolumeId()))
	if err != nil {
		return nil, err
	}
	defer unlock()

	existing, err := s.snapshots.find(id)
	if err != nil {
		return nil, err
	}
	if existing != nil {
		if existing.Name != req.GetName() || existing.SourceVolume != req.GetSourceVolumeId() {
			return nil, status.Errorf(codes.AlreadyExists, "snapshot %q exists, of volume %q", existing.Name, existing.SourceVolume)
		}
		return &csi.CreateSnapshotResponse{Snapshot: existing.toCSI()}, nil
	}
	v, err := s.volumes.get(req.GetSourceVolumeId())
	if err != nil {
		return nil, err
	}
	snap := &snapshot{ID: id, Name: req.GetName(), SourceVolume: v.ID}
	if err := s.takeSnapshots(snap); err != nil {
		return nil, err
	}
	return &csi.CreateSnapshotResponse{Snapshot: snap.toCSI()}, nil
}

// takeSnapshots makes snapshots of one common point in time. If one fails, those made before it stay; the
// caller removes them. It holds the locks of the snapshots and of their source volumes.
func (s *store) takeSnapshots(snaps ...*snapshot) error {
	var sources []string
	for _, snap := range snaps {
		if _, err := s.snapshots.begin(snap.ID); err != nil {
			return err
		}
		defer s.snapshots.discard(snap.ID) // does nothing after the commit
		sources = append(sources, snap.SourceVolume)
	}
	image := func(snap *snapshot) string { return filepath.Join(s.snapshots.path(tmpPrefix+snap.ID), imageName) }

	// Only the copying itself keeps the users of the volumes waiting.
	err := s.whileFrozen(sources, func() error {
		now := time.Now().UTC()
		for _, snap := range snaps {
			if err := copyImage(s.life, image(snap), s.volumes.image(snap.SourceVolume)); err != nil {
				return err
			}
			snap.Created = now
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, snap := range snaps {
		st, err := os.Stat(image(snap))
		if err != nil {
			return err
		}
		snap.Size = st.Size()
		if err := syncPath(image(snap)); err != nil {
			return err
		}
		if err := s.snapshots.commit(snap.ID, snap); err != nil {
			return err
		}
	}
	return nil
}

func (snap *snapshot) toCSI() *csi.Snapshot {
	return &csi.Snapshot{
		SnapshotId:      snap.ID,
		SourceVolumeId:  snap.SourceVolume,
		SizeBytes:       snap.Size,
		CreationTime:    timestamppb.New(snap.Created),
		ReadyToUse:      true,
		GroupSnapshotId: snap.Group,
	}
}

func (s *controllerServer) DeleteSnapshot(ctx context.Context, req *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	id := req.GetSnapshotId()
	if id == "" {
		return nil, invalid("a snapshot id is required")
	}
	if !validID(id) { // there has never been one
		return &csi.DeleteSnapshotResponse{}, nil
	}
	unlock, err := s.lock(ctx, s.snapshots.key(id))
	if err != nil {
		return nil, err
	}
	defer unlock()
	snap, err := s.snapshots.find(id)
	if err != nil {
		return nil, err
	}
	if snap != nil && snap.Group != "" {
		g, err := s.groups.find(snap.Group)
		if err != nil {
			return nil, err
		}
		if g != nil {
			return nil, invalid("snapshot %q is part of group snapshot %q and can only be deleted with it", id, g.ID)
		}
	}
	if err := s.snapshots.remove(id); err != nil {
		return nil, err
	}
	return &csi.DeleteSnapshotResponse{}, nil
}

func (s *controllerServer) ListSnapshots(_ context.Context, req *csi.ListSnapshotsRequest) (*csi.ListSnapshotsResponse, error) {
	all, err := s.snapshots.list()
	if err != nil {
		return nil, err
	}
	var matching []*snapshot
	for _, snap := range all {
		if (req.GetSnapshotId() == "" || req.GetSnapshotId() == snap.ID) &&
			(req.GetSourceVolumeId() == "" || req.GetSourceVolumeId() == snap.SourceVolume) {
			matching = append(matching, snap)
		}
	}
	part, next, err := page(matching, func(snap *snapshot) string { return snap.ID }, req.GetStartingToken(), req.GetMaxEntries())
	if err != nil {
		return nil, err
	}
	resp := &csi.ListSnapshotsResponse{NextToken: next}
	for _, snap := range part {
		resp.Entries = append(resp.Entries, &csi.ListSnapshotsResponse_Entry{Snapshot: snap.toCSI()})
	}
	return resp, nil
}
