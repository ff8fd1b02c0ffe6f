package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	mount "k8s.io/mount-utils"
)

// loopDevice is a loop device that is attached to an image.
type loopDevice struct {
	path         string
	major, minor int
}

// loopsOf returns the loop devices attached to an image: one as long as nobody meddles.
func loopsOf(image string) ([]loopDevice, error) {
	if _, err := os.Stat(image); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	out, err := runCommand("losetup", "--associated", image, "--noheadings", "--output", "NAME")
	if err != nil {
		return nil, err
	}
	var loops []loopDevice
	for _, path := range strings.Fields(out) {
		l, err := statLoop(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // detached just now
		}
		if err != nil {
			return nil, err
		}
		loops = append(loops, l)
	}
	return loops, nil
}

func statLoop(path string) (loopDevice, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return loopDevice{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return loopDevice{path: path, major: int(unix.Major(st.Rdev)), minor: int(unix.Minor(st.Rdev))}, nil
}

// attach returns the loop device of an image at its present size. There is never a second one: two would not
// see each other's writes. The caller holds the volume's lock.
func attach(image string) (loopDevice, error) {
	loops, err := loopsOf(image)
	if err != nil {
		return loopDevice{}, err
	}
	if len(loops) > 0 {
		return loops[0], refreshSize(loops[0])
	}
	// Direct I/O, so that data is not cached twice and writes reach the image at once.
	path, err := runCommand("losetup", "--find", "--show", "--direct-io=on", image)
	if err != nil {
		if path, err = runCommand("losetup", "--find", "--show", image); err != nil {
			return loopDevice{}, err
		}
	}
	return statLoop(path)
}

// refreshSize lets the device see that its image has grown.
func refreshSize(l loopDevice) error {
	_, err := runCommand("losetup", "--set-capacity", l.path)
	return err
}

// detachUnused detaches the image's loop devices that nothing is mounted from. The kernel puts it off if some
// process or another mount namespace still uses one.
func detachUnused(image string) error {
	loops, err := loopsOf(image)
	if err != nil {
		return err
	}
	for _, l := range loops {
		mounts, err := mountsOf(l)
		if err != nil {
			return err
		}
		if len(mounts) > 0 {
			continue
		}
		if _, err := runCommand("losetup", "--detach", l.path); err != nil {
			return err
		}
	}
	return nil
}

// mountPoint is a place where a volume is mounted.
type mountPoint struct {
	path     string
	device   loopDevice
	readOnly bool
}

// mountsOf lists where the devices are mounted.
func mountsOf(loops ...loopDevice) ([]mountPoint, error) {
	table, err := mountTable()
	if err != nil {
		return nil, err
	}
	var mounts []mountPoint
	for _, m := range table {
		for _, l := range loops {
			if m.Major == l.major && m.Minor == l.minor {
				mounts = append(mounts, mountPoint{path: m.MountPoint, device: l,
					readOnly: slices.Contains(m.MountOptions, "ro")})
			}
		}
	}
	return mounts, nil
}

// mountsOfImage lists where an image is mounted.
func mountsOfImage(image string) ([]mountPoint, error) {
	loops, err := loopsOf(image)
	if err != nil || len(loops) == 0 {
		return nil, err
	}
	return mountsOf(loops...)
}

// mountAt returns the mount at a path, or nil.
func mountAt(mounts []mountPoint, path string) *mountPoint {
	for i := range mounts {
		if mounts[i].path == path {
			return &mounts[i]
		}
	}
	return nil
}

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

func mountTable() ([]mount.MountInfo, error) {
	table, err := mount.ParseMountInfo("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read the mount table: %w", err)
	}
	for i := range table {
		table[i].MountPoint = unescape.Replace(table[i].MountPoint)
	}
	return table, nil
}

// isMounted says whether anything is mounted on exactly this path.
func isMounted(path string) (bool, error) {
	table, err := mountTable()
	return slices.ContainsFunc(table, func(m mount.MountInfo) bool { return m.MountPoint == path }), err
}

// openMounted opens the root of the file system that is mounted from one of the devices; nil if none is.
func openMounted(loops []loopDevice) (*os.File, error) {
	if len(loops) == 0 {
		return nil, nil
	}
	mounts, err := mountsOf(loops...)
	if err != nil {
		return nil, err
	}
	for _, m := range mounts {
		dir, err := os.Open(m.path)
		if err != nil {
			return nil, err
		}
		var st unix.Stat_t
		if err := unix.Fstat(int(dir.Fd()), &st); err != nil {
			dir.Close()
			return nil, err
		}
		if int(unix.Major(st.Dev)) == m.device.major && int(unix.Minor(st.Dev)) == m.device.minor {
			return dir, nil
		}
		dir.Close() // something else is mounted over it
	}
	return nil, nil
}

// realPath is the path as the mount table shows it, also if its last element is not there.
func realPath(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return filepath.Clean(path)
}
