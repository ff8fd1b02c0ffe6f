package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/klog/v2"
)

const (
	imageName = "image" // the file in a volume's or snapshot's directory that holds its data
	tmpPrefix = "tmp-"  // of directories that are being made or removed

	// lockWait is how long a call waits for another one on the same object. It is below the time-outs of the
	// sidecars, so that they hear why the call did not go through.
	lockWait = 5 * time.Second
)

// volume is the content of a volume.json.
type volume struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Capacity int64     `json:"capacity"`
	Source   *source   `json:"source,omitempty"`
	Created  time.Time `json:"created"`
}

// source is what a volume was copied from; one of the two is set.
type source struct {
	Snapshot string `json:"snapshot,omitempty"`
	Volume   string `json:"volume,omitempty"`
}

// snapshot is the content of a snapshot.json.
type snapshot struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	SourceVolume string    `json:"sourceVolume"`
	Size         int64     `json:"size"`
	Group        string    `json:"group,omitempty"`
	Created      time.Time `json:"created"`
}

// group is the content of a group.json. Its snapshots are stored like any other; they belong to the group as
// long as it exists and are rubbish without it, which makes the group's directory the point of commitment.
type group struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	SourceVolumes []string  `json:"sourceVolumes"`
	Snapshots     []string  `json:"snapshots"`
	Created       time.Time `json:"created"`
}

// store is the data directory.
type store struct {
	dir       string
	volumes   collection[volume]
	snapshots collection[snapshot]
	groups    collection[group]
	// life ends when the process is told to stop. Copies follow it and not the context of their call: a caller
	// that gives up and calls again should find the copy done, not begin it anew for ever.
	life context.Context
}

func openStore(life context.Context, dir string) (*store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "locks"), 0o700); err != nil {
		return nil, err
	}
	// The mount table names files by their real paths.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	s := &store{
		dir:       dir,
		volumes:   collection[volume]{kind: "volume", dir: filepath.Join(dir, "volumes")},
		snapshots: collection[snapshot]{kind: "snapshot", dir: filepath.Join(dir, "snapshots")},
		groups:    collection[group]{kind: "group", dir: filepath.Join(dir, "groups")},
		life:      life,
	}
	for _, d := range []string{s.volumes.dir, s.snapshots.dir, s.groups.dir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// recover clears what an interrupted process left: frozen file systems, half-made directories, snapshots of a
// group that was never completed. Objects that another process holds are left to it.
func (s *store) recover(ctx context.Context) {
	attempt := func(what string, keys []string, f func() error) {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		unlock, err := s.lock(ctx, keys...)
		if err == nil {
			defer unlock()
			err = f()
		}
		if err != nil {
			klog.ErrorS(err, "Could not "+what)
		}
	}
	volumes, err := s.volumes.list()
	if err != nil {
		klog.ErrorS(err, "Could not list the volumes")
	}
	for _, v := range volumes {
		// Without its lock: who holds that may be waiting for the thaw. Should another driver have frozen it just
		// now, its call fails and is repeated.
		if err := s.thawStale(v.ID); err != nil {
			klog.ErrorS(err, "Could not thaw volume "+v.ID)
		}
	}
	for _, c := range []interface {
		key(string) string
		discard(string) error
		unfinished() []string
	}{s.volumes, s.snapshots, s.groups} {
		for _, id := range c.unfinished() {
			attempt("remove the half-made "+c.key(id), []string{c.key(id)}, func() error { return c.discard(id) })
		}
	}
	snapshots, err := s.snapshots.list()
	if err != nil {
		klog.ErrorS(err, "Could not list the snapshots")
	}
	for _, snap := range snapshots {
		if snap.Group == "" {
			continue
		}
		attempt("check group "+snap.Group, []string{s.groups.key(snap.Group), s.snapshots.key(snap.ID)}, func() error {
			if g, err := s.groups.find(snap.Group); err != nil || g != nil {
				return err
			}
			return s.snapshots.remove(snap.ID)
		})
	}
}

// lock takes the locks of several objects, in one order for all callers so that they cannot block each other
// for ever. The locks are files, since drivers in other processes may work on the same data.
func (s *store) lock(ctx context.Context, keys ...string) (unlock func(), err error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	var held []*os.File
	unlock = func() {
		for _, f := range held {
			os.Remove(f.Name()) // before the lock goes with Close; who waits for it notices (see below)
			f.Close()
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for _, key := range keys {
		f, err := lockFile(ctx, filepath.Join(s.dir, "locks", key))
		if err != nil {
			unlock()
			if errors.Is(err, ctx.Err()) {
				return nil, status.Errorf(codes.Aborted, "another operation on %s is still running", key)
			}
			return nil, err
		}
		held = append(held, f)
	}
	return unlock, nil
}

func lockFile(ctx context.Context, path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			// The file may have been removed, and perhaps made again, between opening and locking it.
			mine, err1 := f.Stat()
			current, err2 := os.Stat(path)
			if err1 == nil && err2 == nil && os.SameFile(mine, current) {
				return f, nil
			}
			f.Close()
			continue
		}
		f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// collection is a directory of objects of one kind. Each has a directory of its own with its metadata in
// <kind>.json. It comes into being and goes by a rename, so it is always there in full or not at all.
type collection[T any] struct {
	kind string
	dir  string
}

// key names the lock of an object, of whatever a caller sent as its id.
func (c collection[T]) key(id string) string {
	if !validID(id) {
		id = hashID(id)
	}
	return c.kind + ":" + id
}

func (c collection[T]) path(id string) string { return filepath.Join(c.dir, id) }

func (c collection[T]) image(id string) string { return filepath.Join(c.dir, id, imageName) }

// find returns nil if there is no such object.
func (c collection[T]) find(id string) (*T, error) {
	if !validID(id) {
		return nil, nil
	}
	file := filepath.Join(c.path(id), c.kind+".json")
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	object := new(T)
	if err := json.Unmarshal(data, object); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return object, nil
}

// get returns a NotFound error if there is no such object.
func (c collection[T]) get(id string) (*T, error) {
	object, err := c.find(id)
	if err == nil && object == nil {
		err = status.Errorf(codes.NotFound, "%s %q does not exist", c.kind, id)
	}
	return object, err
}

// list returns the objects in the order of their ids.
func (c collection[T]) list() ([]*T, error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, err
	}
	var objects []*T
	for _, e := range entries {
		object, err := c.find(e.Name())
		if err != nil {
			return nil, err
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// begin makes an empty directory for a new object; commit puts it into place, discard drops it. The caller
// holds the object's lock.
func (c collection[T]) begin(id string) (dir string, err error) {
	if err := c.discard(id); err != nil {
		return "", err
	}
	dir = c.path(tmpPrefix + id)
	return dir, os.Mkdir(dir, 0o700)
}

func (c collection[T]) commit(id string, object *T) error {
	tmp := c.path(tmpPrefix + id)
	if err := c.write(tmp, object); err != nil {
		return err
	}
	if err := os.Rename(tmp, c.path(id)); err != nil {
		return err
	}
	return syncPath(c.dir)
}

func (c collection[T]) discard(id string) error { return os.RemoveAll(c.path(tmpPrefix + id)) }

// update replaces the metadata of an object.
func (c collection[T]) update(id string, object *T) error { return c.write(c.path(id), object) }

// remove succeeds if the object is gone already.
func (c collection[T]) remove(id string) error {
	if err := c.discard(id); err != nil {
		return err
	}
	if err := os.Rename(c.path(id), c.path(tmpPrefix+id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := syncPath(c.dir); err != nil {
		return err
	}
	return c.discard(id)
}

// unfinished returns the ids of objects whose making or removal was interrupted, or is going on.
func (c collection[T]) unfinished() (ids []string) {
	dirs, _ := filepath.Glob(c.path(tmpPrefix + "*"))
	for _, d := range dirs {
		ids = append(ids, strings.TrimPrefix(filepath.Base(d), tmpPrefix))
	}
	return ids
}

func (c collection[T]) write(dir string, object *T) error {
	data, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(dir, c.kind+".json")
	if err := os.WriteFile(file+".tmp", append(data, '\n'), 0o600); err != nil {
		return err
	}
	if err := syncPath(file + ".tmp"); err != nil {
		return err
	}
	if err := os.Rename(file+".tmp", file); err != nil {
		return err
	}
	return syncPath(dir)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$`)

// validID also keeps what callers send from leaving the data directory.
func validID(id string) bool { return idPattern.MatchString(id) && !strings.HasPrefix(id, tmpPrefix) }

// idFor derives the id from the name, so that a repeated request finds what the first one made. The names
// that Kubernetes gives are their own ids, which makes the data directory easy to read. 100 leaves room for
// the suffixes of a group's members.
func idFor(name string) string {
	if len(name) <= 100 && validID(name) && !strings.HasPrefix(name, "h-") {
		return name
	}
	return hashID(name)
}

func hashID(name string) string { return fmt.Sprintf("h-%x", sha256.Sum256([]byte(name)))[:34] }
