// Command pod-tools is the whole content of the images that the node tests bring: what a pod does when it is there to be looked at.
//
//	pause                        the process that holds a pod's namespaces: reaps orphans until SIGTERM
//	serve PORT                   HTTP: answers with this host's name and the caller's address; `/healthz` 200; until SIGTERM
//	fetch URL                    prints the body; ends with 1 where there is none within five seconds
//	lookup NAME                  prints the addresses, one a line
//	dig SERVER NAME              the same, asking that server, and what the host's own resolver says is left out
//	write FILE WORDS             for volumes
//	log WORDS                    prints them each 100 ms until SIGTERM
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const patience = 5 * time.Second

var commands = map[string]func(args []string) error{
	"pause":  pause,
	"serve":  func(args []string) error { return serve(args[0]) },
	"fetch":  func(args []string) error { return fetch(args[0]) },
	"lookup": func(args []string) error { return lookup(net.DefaultResolver, args[0]) },
	"dig":    func(args []string) error { return lookup(resolverAt(args[0]), args[1]) },
	"write":  func(args []string) error { return os.WriteFile(args[0], []byte(args[1]+"\n"), 0o644) },
	"log":    func(args []string) error { return repeat(strings.Join(args, " ")) },
}

func main() {
	name, args := "pause", []string{}
	if len(os.Args) > 1 {
		name, args = os.Args[1], os.Args[2:]
	}
	run, known := commands[name]
	if !known {
		fmt.Fprintf(os.Stderr, "Cannot run %q: there is no such command\n", name)
		os.Exit(2)
	}
	if err := run(args); err != nil {
		fmt.Fprintf(os.Stderr, "Cannot %s: %v\n", name, err)
		os.Exit(1)
	}
}

func untilToldToEnd() <-chan os.Signal {
	ending := make(chan os.Signal, 1)
	signal.Notify(ending, syscall.SIGTERM, syscall.SIGINT)
	return ending
}

func pause([]string) error {
	orphans := make(chan os.Signal, 1)
	signal.Notify(orphans, syscall.SIGCHLD)
	ending := untilToldToEnd()
	for {
		select {
		case <-ending:
			return nil
		case <-orphans:
			for {
				if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
					break
				}
			}
		}
	}
}

func serve(port string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	server := http.Server{Addr: ":" + port}
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		caller, _, _ := net.SplitHostPort(request.RemoteAddr)
		fmt.Fprintf(answer, "%s answers %s\n", host, caller)
	})
	ending := untilToldToEnd()
	go func() {
		<-ending
		fmt.Println("told to end")
		_ = server.Shutdown(context.Background())
	}()
	fmt.Println("serving on port", port)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func fetch(url string) error {
	client := http.Client{Timeout: patience}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, answer.Status)
	}
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func resolverAt(server string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(server, "53"))
	}}
}

func lookup(resolver *net.Resolver, name string) error {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	addresses, err := resolver.LookupHost(ctx, name)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(addresses, "\n"))
	return nil
}

func repeat(words string) error {
	ending := untilToldToEnd()
	for {
		fmt.Println(words)
		select {
		case <-ending:
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}
