package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// These two requests of ioctl(2) are missing in golang.org/x/sys/unix.
const (
	fiFreeze = 0xC0045877
	fiThaw   = 0xC0045878
)

// runCommand executes a program; its output is part of the error.
func runCommand(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return text, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, text)
	}
	return text, nil
}

// createImage makes an empty image. It is formatted as a plain file rather than through its loop device, since
// only then mkfs knows that the holes read as zeros, and does not write the journal. Sectors of 4 KiB fit every
// loop device, whatever lies below it.
func createImage(image string, size int64) error {
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(image, size); err != nil {
		return err
	}
	_, err := runCommand("mkfs.xfs", "-q", "-s", "size=4096", image)
	return err
}

// growImage never shrinks.
func growImage(image string, size int64) error {
	st, err := os.Stat(image)
	if err != nil || st.Size() >= size {
		return err
	}
	if err := os.Truncate(image, size); err != nil {
		return err
	}
	return syncPath(image)
}

// copyImage shares the blocks of the source if the file system can, else it copies all but the holes.
func copyImage(ctx context.Context, dst, src string) (err error) {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()

	err = unix.IoctlFileClone(int(out.Fd()), int(in.Fd()))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EXDEV), errors.Is(err, unix.EINVAL):
		return copySparse(ctx, out, in)
	}
	return fmt.Errorf("clone %s: %w", src, err)
}

func copySparse(ctx context.Context, out, in *os.File) error {
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if err := out.Truncate(st.Size()); err != nil {
		return err
	}
	const chunk = 32 << 20 // the context is looked at in between
	for end := int64(0); ; {
		start, err := in.Seek(end, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // nothing but a hole up to the end
		}
		if err != nil {
			return err
		}
		if end, err = in.Seek(start, unix.SEEK_HOLE); err != nil {
			return err
		}
		if _, err := in.Seek(start, io.SeekStart); err != nil {
			return err
		}
		if _, err := out.Seek(start, io.SeekStart); err != nil {
			return err
		}
		for ; start < end; start += chunk {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := io.CopyN(out, in, min(chunk, end-start)); err != nil { // copy_file_range(2)
				return err
			}
		}
	}
}

// whileFrozen runs f while the file systems of all the volumes stand still, so that what it copies is one
// point in time of all of them. They are thawed whatever happens in f. The caller holds the volumes' locks.
func (s *store) whileFrozen(volumeIDs []string, f func() error) (err error) {
	for _, id := range volumeIDs {
		thaw, ferr := s.freeze(id)
		if ferr != nil {
			return ferr
		}
		defer func() { err = errors.Join(err, thaw()) }()
	}
	return f()
}

// frozenMarker is there while the driver keeps a volume frozen, so that after a crash it knows to thaw it.
func (s *store) frozenMarker(id string) string { return filepath.Join(s.volumes.path(id), "frozen") }

// freeze brings all data of a volume to its image and keeps its file system, if it is mounted, from changing
// until thaw is called.
func (s *store) freeze(id string) (thaw func() error, err error) {
	nothing := func() error { return nil }
	loops, err := loopsOf(s.volumes.image(id))
	if err != nil {
		return nil, err
	}
	dir, err := openMounted(loops)
	if dir == nil || err != nil {
		return nothing, err
	}
	marker := s.frozenMarker(id)
	_, statErr := os.Stat(marker)
	ours := statErr == nil
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		dir.Close()
		return nil, err
	}
	err = unix.IoctlSetInt(int(dir.Fd()), fiFreeze, 0)
	switch {
	case errors.Is(err, unix.EBUSY) && !ours:
		// Somebody else has frozen it and will thaw it; frozen is all that is needed here.
		dir.Close()
		return nothing, os.Remove(marker)
	case err != nil && !errors.Is(err, unix.EBUSY):
		dir.Close()
		return nil, errors.Join(fmt.Errorf("freeze %s: %w", dir.Name(), err), os.Remove(marker))
	}
	return func() error {
		defer dir.Close()
		// Also an error: it was thawed by somebody else, so the copy may not be of one point in time.
		if err := unix.IoctlSetInt(int(dir.Fd()), fiThaw, 0); err != nil {
			return fmt.Errorf("thaw %s: %w", dir.Name(), err)
		}
		return os.Remove(marker)
	}, nil
}

// thawStale thaws a volume if a killed driver left it frozen.
func (s *store) thawStale(id string) error {
	if _, err := os.Stat(s.frozenMarker(id)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	loops, err := loopsOf(s.volumes.image(id))
	if err != nil {
		return err
	}
	dir, err := openMounted(loops)
	if err != nil {
		return err
	}
	if dir != nil {
		defer dir.Close()
		if err := unix.IoctlSetInt(int(dir.Fd()), fiThaw, 0); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("thaw %s: %w", dir.Name(), err)
		}
	}
	return os.Remove(s.frozenMarker(id))
}
