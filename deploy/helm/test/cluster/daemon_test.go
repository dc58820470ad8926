package cluster

import (
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// daemon returns the command of a Deployment's container, with its variables, the file that the server has, and a
// Redis and a port of this machine.
func (s *server) daemon(t *testing.T, component, redis string) (cmd *exec.Cmd, listens string) {
	t.Helper()
	o := s.get(t, deployments, release+"-switchyard-"+component)
	list, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	spec := list[0].(map[string]any)
	command, _, _ := unstructured.NestedStringSlice(spec, "command")
	args, _, _ := unstructured.NestedStringSlice(spec, "args")
	cmd = exec.Command(built(t, "COMMANDS_BUILT_IN", command[0]), args...)
	cmd.Dir = t.TempDir()
	listens = address(t)
	variables, _, _ := unstructured.NestedSlice(spec, "env")
	for _, one := range variables {
		variable := one.(map[string]any)
		name, value := variable["name"].(string), variable["value"].(string)
		switch {
		case name == "SWITCHYARD_CONFIG":
			value = s.file(t)
		case name == "SWITCHYARD_REDIS_URL":
			value = "redis://" + redis + "/0"
		case strings.HasSuffix(name, "_LISTEN"):
			value = listens
		}
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd, listens
}

// file writes the configuration that the server has, and returns its path.
func (s *server) file(t *testing.T) string {
	t.Helper()
	text, _, _ := unstructured.NestedString(s.get(t, configMaps, release+"-switchyard").Object, "data", "switchyard.yaml")
	path := filepath.Join(t.TempDir(), "switchyard.yaml")
	write(t, path, text)
	return path
}

// ready waits until a daemon does its work.
func ready(t *testing.T, listens string) {
	t.Helper()
	until(t, "a daemon is ready", func() bool {
		response, err := http.Get("http://" + listens + "/readyz")
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusOK
	})
}

// startRedis starts a private redis-server.
func startRedis(t *testing.T) string {
	t.Helper()
	redis := address(t)
	_, port, _ := net.SplitHostPort(redis)
	run(t, exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()))
	until(t, "Redis listens", func() bool {
		c, err := net.Dial("tcp", redis)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return redis
}
