package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestMain lets the test's own program be the process that is killed.
func TestMain(m *testing.M) {
	switch dir := os.Getenv("STORE"); os.Getenv("ROLE") {
	case "":
		os.Exit(m.Run())
	case "writer":
		write(dir)
	case "holder":
		s, _ := openStore(context.Background(), dir)
		unlockHeld, _ = s.lock(context.Background(), "a")
		fmt.Println("locked")
		select {}
	}
}

// unlockHeld keeps the holder's lock: one that nothing refers to goes with the next garbage collection.
var unlockHeld func()

// start runs this program again in another role, and returns when it has begun.
func start(t *testing.T, role, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ROLE="+role, "STORE="+dir)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	_, err = bufio.NewReader(out).ReadString('\n')
	check(t, err)
	return cmd
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) *store {
	t.Helper()
	s, err := openStore(context.Background(), dir)
	check(t, err)
	return s
}

// put makes a volume whose capacity is the length of its image.
func put(s *store, id string, size int) error {
	dir, err := s.volumes.begin(id)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, imageName), make([]byte, size), 0o600); err != nil {
		return err
	}
	return s.volumes.commit(id, &volume{ID: id, Name: id, Capacity: int64(size)})
}

// write makes, changes and removes volumes until it is killed.
func write(dir string) {
	s, err := openStore(context.Background(), dir)
	fmt.Println("writing")
	for i := 0; err == nil; i++ {
		id := fmt.Sprintf("v%d", i%3)
		size := rand.IntN(100_000)
		err = errors.Join(s.volumes.remove(id), put(s, id, size),
			s.volumes.update(id, &volume{ID: id, Name: "updated", Capacity: int64(size)}))
	}
	panic(err)
}

func TestVolumesAreWholeWheneverTheDriverIsKilled(t *testing.T) {
	dir := t.TempDir()
	for range 30 {
		writer := start(t, "writer", dir)
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		check(t, writer.Process.Kill())
		writer.Wait()

		s := open(t, dir)
		volumes, err := s.volumes.list() // before anything is recovered, as another driver may look
		check(t, err)
		for _, v := range volumes {
			st, err := os.Stat(s.volumes.image(v.ID))
			check(t, err)
			if st.Size() != v.Capacity {
				t.Fatalf("volume %s has an image of %d bytes and not %d", v.ID, st.Size(), v.Capacity)
			}
		}
		s.recover(context.Background())
		entries, err := os.ReadDir(s.volumes.dir)
		check(t, err)
		if len(entries) != len(volumes) {
			t.Fatalf("%d volumes, but after recovery there are %v", len(volumes), entries)
		}
	}
}

func TestInterruptedStepsCount(t *testing.T) {
	for name, test := range map[string]struct {
		interrupt func(t *testing.T, s *store)
		exists    bool
	}{
		"begun": {func(t *testing.T, s *store) {
			_, err := s.volumes.begin("v")
			check(t, err)
		}, false},
		"written, not moved into place": {func(t *testing.T, s *store) {
			dir, err := s.volumes.begin("v")
			check(t, err)
			check(t, s.volumes.write(dir, &volume{ID: "v"}))
		}, false},
		"update half written": {func(t *testing.T, s *store) {
			check(t, put(s, "v", 1))
			check(t, os.WriteFile(filepath.Join(s.volumes.path("v"), "volume.json.tmp"), []byte(`{"id`), 0o600))
		}, true},
		"moved away, not removed": {func(t *testing.T, s *store) {
			check(t, put(s, "v", 1))
			check(t, os.Rename(s.volumes.path("v"), s.volumes.path(tmpPrefix+"v")))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			test.interrupt(t, s)
			if v, err := s.volumes.find("v"); err != nil || (v != nil) != test.exists {
				t.Fatalf("found %v, %v", v, err)
			}
			s.recover(context.Background())
			if ids := s.volumes.unfinished(); len(ids) > 0 {
				t.Fatalf("recovery left %v", ids)
			}
			// Repeated calls must go through, also where nothing has recovered.
			check(t, s.volumes.remove("v"))
			test.interrupt(t, s)
			check(t, s.volumes.remove("v"))
			check(t, s.volumes.remove("v"))
			check(t, put(s, "v", 1))
			check(t, s.volumes.update("v", &volume{ID: "v", Capacity: 2}))
			if v, err := s.volumes.get("v"); err != nil || v.Capacity != 2 {
				t.Fatalf("got %v, %v", v, err)
			}
		})
	}
}

func TestRecoveryRemovesSnapshotsOfAGroupThatWasNeverCompleted(t *testing.T) {
	s := open(t, t.TempDir())
	for _, id := range []string{"whole", "broken"} {
		_, err := s.snapshots.begin(id + "-0")
		check(t, err)
		check(t, s.snapshots.commit(id+"-0", &snapshot{ID: id + "-0", Group: id}))
	}
	_, err := s.groups.begin("whole")
	check(t, err)
	check(t, s.groups.commit("whole", &group{ID: "whole"}))
	s.recover(context.Background())
	all, err := s.snapshots.list()
	check(t, err)
	if len(all) != 1 || all[0].ID != "whole-0" {
		t.Fatalf("there are %v", all)
	}
}

func TestRecoveryLeavesAloneWhatAnotherProcessHolds(t *testing.T) {
	s := open(t, t.TempDir())
	_, err := s.volumes.begin("v")
	check(t, err)
	unlock, err := s.lock(context.Background(), s.volumes.key("v"))
	check(t, err)
	s.recover(context.Background())
	unlock()
	if len(s.volumes.unfinished()) != 1 {
		t.Fatal("it removed a volume that is being made")
	}
}

func TestLocksExclude(t *testing.T) {
	s := open(t, t.TempDir())
	var working, most atomic.Int32
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			keys := []string{"a", "b"}
			if i%2 == 0 { // in another order, which must not block for ever
				keys = []string{"b", "a", "b"}
			}
			unlock, err := s.lock(context.Background(), keys...)
			if err != nil {
				t.Error(err)
				return
			}
			if n := working.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Millisecond)
			working.Add(-1)
			unlock()
		})
	}
	wait.Wait()
	if most.Load() != 1 {
		t.Fatalf("%d held the same locks", most.Load())
	}
	if left, _ := os.ReadDir(filepath.Join(s.dir, "locks")); len(left) > 0 {
		t.Fatalf("locks are left: %v", left)
	}
}

func TestALockIsRefusedWhileHeldAndFreeWhenItsHolderIsKilled(t *testing.T) {
	s := open(t, t.TempDir())
	holder := start(t, "holder", s.dir)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.lock(ctx, "b", "a"); status.Code(err) != codes.Aborted {
		t.Fatalf("got %v", err)
	}
	check(t, holder.Process.Kill())
	holder.Wait()
	unlock, err := s.lock(context.Background(), "a", "b") // b too: the refused call has let it go
	check(t, err)
	unlock()
}

func TestIDsStayInTheirFolder(t *testing.T) {
	s := open(t, t.TempDir())
	for _, id := range []string{"", ".", "..", "../volumes/v", "a/b", "/etc", "tmp-v", "a\x00", strings.Repeat("a", 129)} {
		if validID(id) {
			t.Errorf("%q is a valid id", id)
		}
		if key := s.volumes.key(id); strings.ContainsAny(key, "/\x00") || len(key) > 200 {
			t.Errorf("%q has the key %q", id, key)
		}
		if v, err := s.volumes.find(id); v != nil || err != nil {
			t.Errorf("find(%q) gives %v, %v", id, v, err)
		}
	}
}

func TestNamesGiveDifferentValidIDs(t *testing.T) {
	seen := map[string]string{}
	names := []string{"pvc-1", "a/b", "a_b", "..", "tmp-a", "tmp-b", strings.Repeat("x", 100), strings.Repeat("x", 101), "ä"}
	for _, name := range append(names, hashID("a/b"), hashID("..")) { // also names that look like another's id
		id := idFor(name)
		if !validID(id) || !validID(id+"-99") || seen[id] != "" {
			t.Errorf("%q has the id %q, as %q has", name, id, seen[id])
		}
		seen[id] = name
	}
}
