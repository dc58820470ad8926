// Command screens draws the pictures of the README: it starts switchyard dev on an
// imitation of Redis, gives it users and a schedule, and photographs the monitor's pages.
//
//	make screens
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// patience ends a run in which a page or a task never comes.
const patience = 2 * time.Minute

func main() {
	program := flag.String("program", "bin/switchyard", "the built switchyard")
	listen := flag.String("listen", "127.0.0.1:8080", "address of the monitor")
	out := flag.String("out", "docs/images", "directory of the pictures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := draw(ctx, *program, *listen, *out); err != nil {
		fmt.Fprintln(os.Stderr, "screens: error:", err)
		os.Exit(1) //nolint:gocritic // the process ends: stop has nothing left to do
	}
}

// draw writes every picture into the directory out.
func draw(ctx context.Context, program, listen, out string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		return fmt.Errorf("start the imitation of redis: %w", err)
	}
	defer redis.Close()
	s := scene{program: program, redis: "redis://" + redis.Addr(), listen: listen}
	end, err := s.start(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.furnish(ctx); err != nil {
		return err
	}
	pictures, err := photograph(ctx, "http://"+listen)
	if err != nil {
		return err
	}
	for name, png := range pictures {
		path := filepath.Join(out, name+".png")
		if err := os.WriteFile(path, png, 0o644); err != nil { //nolint:gosec // anybody may see it
			return fmt.Errorf("keep a picture: %w", err)
		}
		fmt.Printf("%s  %d kB\n", path, len(png)/1000)
	}
	return nil
}
