package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestChooseCapacity(t *testing.T) {
	const least = 300 << 20
	for _, test := range []struct{ required, limit, expected int64 }{
		{0, 0, defaultCapacity},
		{0, 500 << 20, 500 << 20},
		{0, 500<<20 + 1, 500 << 20},
		{1, 0, least},
		{least + 1, 0, least + blockSize},
		{1 << 40, 1 << 40, 1 << 40},
		{0, 1, -1},
		{0, least - 1, -1},
		{least + 1, least + 1, -1}, // no multiple of a block
		{2, 1, -1},
		{-1, 0, -1},
		{0, -1, -1},
		{math.MaxInt64, 0, -1},
	} {
		size, err := chooseCapacity(&csi.CapacityRange{RequiredBytes: test.required, LimitBytes: test.limit}, least, defaultCapacity)
		if test.expected < 0 {
			if status.Code(err) != codes.OutOfRange {
				t.Errorf("%v: got %d, %v", test, size, err)
			}
		} else if err != nil || size != test.expected {
			t.Errorf("%v: got %d, %v", test, size, err)
		}
	}
}

func TestPagesGiveEverythingOnce(t *testing.T) {
	var all []string
	for i := range 10 {
		all = append(all, fmt.Sprintf("id%d", i))
	}
	self := func(id string) string { return id }
	for entries := int32(0); entries < 12; entries++ {
		var got []string
		for token := ""; ; {
			part, next, err := page(all, self, token, entries)
			check(t, err)
			got = append(got, part...)
			if token = next; token == "" {
				break
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(all) {
			t.Errorf("pages of %d: %v", entries, got)
		}
	}
	if _, _, err := page(all, self, "nonsense", 1); status.Code(err) != codes.Aborted {
		t.Errorf("a wrong token gives %v", err)
	}
}

func TestCopyKeepsDataAndHoles(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	const size = 256 << 20
	in, err := os.Create(src)
	check(t, err)
	defer in.Close()
	check(t, in.Truncate(size))
	blocks := map[int64][]byte{}
	for _, at := range []int64{0, 40 << 20, 40<<20 + 4096, size - 4096} {
		block := make([]byte, 4096)
		for i := range block {
			block[i] = byte(rand.Int())
		}
		blocks[at] = block
		_, err := in.WriteAt(block, at)
		check(t, err)
	}
	out, err := os.Create(dst)
	check(t, err)
	defer out.Close()
	check(t, copySparse(t.Context(), out, in))
	st, err := out.Stat()
	check(t, err)
	if st.Size() != size {
		t.Fatalf("the copy has %d bytes", st.Size())
	}
	for at, block := range blocks {
		got := make([]byte, len(block))
		_, err := out.ReadAt(got, at)
		check(t, err)
		if string(got) != string(block) {
			t.Errorf("the copy differs at %d", at)
		}
	}
	if used, err := runCommand("du", "--block-size=1M", dst); err != nil || used[0] == '2' {
		t.Errorf("the copy takes %s MiB, %v", used, err)
	}
	if err := copyImage(t.Context(), dst, src); err == nil {
		t.Error("a copy has replaced an image")
	}
}
