package cluster

import (
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// Where the tests install.
const (
	namespace = "background"
	release   = "acme"
)

var (
	deployments   = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	scaledObjects = schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}
	jobs          = schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}
	secrets       = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
)

// helm returns what Helm needs to act on the server. Helm has the server refuse fields that it does not know.
func (s *server) helm(t *testing.T) *action.Configuration {
	t.Helper()
	flags := genericclioptions.NewConfigFlags(false)
	insecure, space, bearer := true, namespace, token
	flags.APIServer, flags.BearerToken, flags.Insecure, flags.Namespace = &s.config.Host, &bearer, &insecure, &space
	c := new(action.Configuration)
	if err := c.Init(flags, namespace, "secret", t.Logf); err != nil {
		t.Fatal(err)
	}
	return c
}

func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.LoadDir("../../switchyard")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// values reads a file of the values that are also rendered without a server.
func values(t *testing.T, name string) map[string]any {
	t.Helper()
	v, err := chartutil.ReadValuesFile("../testdata/values/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *server) install(t *testing.T, v map[string]any) error {
	t.Helper()
	i := action.NewInstall(s.helm(t))
	i.ReleaseName, i.Namespace, i.CreateNamespace = release, namespace, true
	_, err := i.Run(load(t), v)
	return err
}

func (s *server) upgrade(t *testing.T, v map[string]any) error {
	t.Helper()
	u := action.NewUpgrade(s.helm(t))
	u.Namespace, u.Timeout = namespace, patience
	_, err := u.Run(release, load(t), v)
	return err
}

func (s *server) uninstall(t *testing.T) {
	t.Helper()
	if _, err := action.NewUninstall(s.helm(t)).Run(release); err != nil {
		t.Fatal(err)
	}
}

// get returns an object, nil if there is none.
func (s *server) get(t *testing.T, of schema.GroupVersionResource, name string) *unstructured.Unstructured {
	t.Helper()
	o, err := s.client.Resource(of).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	return o
}

// replicas returns how many pods of a pool are wanted, -1 if it is not there.
func (s *server) replicas(t *testing.T, pool string) int64 {
	t.Helper()
	o := s.get(t, deployments, release+"-switchyard-worker-"+pool)
	if o == nil {
		return -1
	}
	n, _, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	return n
}
