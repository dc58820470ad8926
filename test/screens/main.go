// Command screens draws the pictures of the README and of the console: it starts switchyard dev on
// an imitation of Redis, gives it users, a schedule, sources and an agent, and photographs the
// monitor's pages.
//
//	make screens
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/alicebob/miniredis/v2"

	"switchyard/test/llmtest"
)

// patience ends a run in which a page or a task never comes.
const patience = 5 * time.Minute

func main() {
	program := flag.String("program", "bin/switchyard", "the built switchyard")
	listen := flag.String("listen", "127.0.0.1:8080", "address of the monitor")
	out := flag.String("out", "docs/images", "directory of the pictures")
	tall := flag.Bool("tall", false, "photograph pages to their ends, to look through them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := makeAll(ctx, *program, *listen, *out, *tall); err != nil {
		fmt.Fprintln(os.Stderr, "screens: error:", err)
		os.Exit(1) //nolint:gocritic // the process ends: stop has nothing left to do
	}
}

// makeAll writes every picture into the directory out.
func makeAll(ctx context.Context, program, listen, out string, tall bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		return fmt.Errorf("start the imitation of redis: %w", err)
	}
	defer redis.Close()
	if err := remember(ctx, redis); err != nil {
		return err
	}
	model, err := llmtest.Start(answer)
	if err != nil {
		return fmt.Errorf("start the model: %w", err)
	}
	defer model.Close()
	others := strangers()
	defer others.Close()
	dir, err := os.MkdirTemp("", "screens-")
	if err != nil {
		return fmt.Errorf("make a directory for the configuration: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := scene{program: program, redis: "redis://" + redis.Addr(), listen: listen, others: others.URL}
	if err := s.config(dir, model.URL); err != nil {
		return err
	}
	end, err := s.start(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.furnish(ctx); err != nil {
		return err
	}
	c := camera{base: "http://" + listen, tall: tall, pictures: map[string][]byte{}}
	err = c.photograph(ctx)
	return errors.Join(err, keep(c.pictures, out))
}

// keep writes pictures into a directory.
func keep(pictures map[string][]byte, out string) error {
	for _, name := range slices.Sorted(maps.Keys(pictures)) {
		path := filepath.Join(out, name+".png")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // as the next
			return fmt.Errorf("make a directory for pictures: %w", err)
		}
		picture, err := small(pictures[name])
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, picture, 0o644); err != nil { //nolint:gosec // anybody may see it
			return fmt.Errorf("keep a picture: %w", err)
		}
		fmt.Printf("%s  %d kB\n", path, len(picture)/1000)
	}
	return nil
}
