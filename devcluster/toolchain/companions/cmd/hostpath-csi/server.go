package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/klog/v2"
)

// shutdownGrace is how long running calls may take to end after SIGTERM before they are cut off.
const shutdownGrace = 10 * time.Second

// server is a gRPC server on a Unix socket.
type server struct {
	socket   string
	register func(*grpc.Server)
}

// serve runs the servers until the context ends or one of them fails. Mounts stay as they are.
func serve(ctx context.Context, servers []*server) error {
	failed := make(chan error, len(servers))
	for _, s := range servers {
		listener, err := listen(s.socket)
		if err != nil {
			return err
		}
		// Handlers are waited for: a call that is cut off must still thaw what it has frozen.
		g := grpc.NewServer(grpc.ChainUnaryInterceptor(logCall), grpc.WaitForHandlers(true))
		s.register(g)
		defer stopServer(g)
		go func() {
			if err := g.Serve(listener); err != nil { // closes the listener, which removes the socket
				failed <- fmt.Errorf("serve %s: %w", s.socket, err)
			}
		}()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		klog.InfoS("Stopping; mounted volumes stay mounted")
		return nil
	}
}

func stopServer(g *grpc.Server) {
	cut := time.AfterFunc(shutdownGrace, g.Stop)
	defer cut.Stop()
	g.GracefulStop()
}

// socketPath returns the absolute path that a CSI endpoint names.
func socketPath(endpoint string) (string, error) {
	file, ok := strings.CutPrefix(endpoint, "unix:")
	if !ok || strings.Trim(file, "/") == "" {
		return "", fmt.Errorf("endpoint %q is not of the form unix:///path", endpoint)
	}
	return filepath.Abs(strings.TrimPrefix(file, "//"))
}

// listen takes over a socket that a killed process left behind, but not one that is still served.
func listen(socket string) (net.Listener, error) {
	if conn, err := net.DialTimeout("unix", socket, time.Second); err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s is already served by another process", socket)
	}
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

// logCall writes one line for each call and gives every error a gRPC code. Of the request only names and
// paths are logged, never the message itself, which may hold secrets.
func logCall(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (resp any, err error) {
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			klog.ErrorS(nil, "Panic", "method", info.FullMethod, "panic", p, "stack", string(debug.Stack()))
			err = status.Errorf(codes.Internal, "panic: %v", p)
		}
		fields := append([]any{"method", path.Base(info.FullMethod)}, requestIDs(req)...)
		fields = append(fields, "duration", time.Since(start).Round(10*time.Microsecond))
		if err == nil {
			klog.InfoS("Call", fields...)
			return
		}
		err = withCode(err)
		klog.ErrorS(nil, "Call", append(fields, "code", status.Code(err), "error", oneLine(status.Convert(err).Message()))...)
	}()
	return handle(ctx, req)
}

// oneLine joins the lines that the programs we run write.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func requestIDs(req any) (fields []any) {
	add := func(key, value string) {
		if value != "" {
			fields = append(fields, key, value)
		}
	}
	if r, ok := req.(interface{ GetName() string }); ok {
		add("name", r.GetName())
	}
	if r, ok := req.(interface{ GetVolumeId() string }); ok {
		add("volume", r.GetVolumeId())
	}
	if r, ok := req.(interface{ GetSourceVolumeId() string }); ok {
		add("sourceVolume", r.GetSourceVolumeId())
	}
	if r, ok := req.(interface{ GetSourceVolumeIds() []string }); ok {
		add("sourceVolumes", strings.Join(r.GetSourceVolumeIds(), ","))
	}
	if r, ok := req.(interface{ GetSnapshotId() string }); ok {
		add("snapshot", r.GetSnapshotId())
	}
	if r, ok := req.(interface{ GetGroupSnapshotId() string }); ok {
		add("groupSnapshot", r.GetGroupSnapshotId())
	}
	if r, ok := req.(interface{ GetStagingTargetPath() string }); ok {
		add("staging", r.GetStagingTargetPath())
	}
	if r, ok := req.(interface{ GetTargetPath() string }); ok {
		add("target", r.GetTargetPath())
	}
	if r, ok := req.(interface{ GetVolumePath() string }); ok {
		add("path", r.GetVolumePath())
	}
	return fields
}

// withCode turns an error of the system into one with the gRPC code that callers expect for it.
func withCode(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	code := codes.Internal
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		code = codes.ResourceExhausted
	case errors.Is(err, unix.EFBIG):
		code = codes.OutOfRange
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		code = codes.DeadlineExceeded
	}
	return status.Error(code, err.Error())
}

// also adds the error of a clean-up, if there is one, to the error that led to it.
func also(err, cleanup error) error {
	if cleanup == nil {
		return err
	}
	return errors.Join(err, cleanup)
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}
