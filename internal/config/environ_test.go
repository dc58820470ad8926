package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// ofKubernetes are the variables by which it tells a container of a service with two ports.
func ofKubernetes(service, address string) []string {
	host := address
	if strings.Contains(address, ":") {
		host = "[" + address + "]"
	}
	all := []string{service + "_SERVICE_HOST=" + address, service + "_SERVICE_PORT=80", service + "_SERVICE_PORT_HTTP=80", service + "_SERVICE_PORT_DNS_UDP=53", service + "_PORT=tcp://" + host + ":80"}
	for _, port := range [][3]string{{"80", "TCP", "tcp"}, {"53", "UDP", "udp"}, {"9", "SCTP", "sctp"}} {
		base := service + "_PORT_" + port[0] + "_" + port[1]
		all = append(all, base+"="+port[2]+"://"+host+":"+port[0], base+"_PROTO="+port[2], base+"_PORT="+port[0], base+"_ADDR="+address)
	}
	return all
}

func TestServicesOfKubernetesAreNoSettings(t *testing.T) {
	for _, service := range []string{"SWITCHYARD", "SWITCHYARD_MONITOR", "SWITCHYARD_REDIS", "SWITCHYARD_WORKER_2", "SWITCHYARD_CONFIG", "SWITCHYARD_SERVICE", "SWITCHYARD_PORT"} {
		for _, address := range []string{"10.0.0.1", "fd00::1"} {
			for _, one := range ofKubernetes(service, address) {
				if c, err := Load("", []string{one}, nil); err != nil || !reflect.DeepEqual(c, Default()) {
					t.Errorf("%s: %v, want the defaults", one, err)
				}
			}
		}
	}
}

func TestWhatTheClientsOfTheHTTPAPIReadIsNoSetting(t *testing.T) {
	environ := []string{"SWITCHYARD_API=http://127.0.0.1:8080", "SWITCHYARD_TOKEN=sy_jhm4tht2vlnh_secret"}
	if c, err := Load("", environ, nil); err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("%v, want the defaults", err)
	}
}

func TestAMisspeltVariableIsNamedWithWhatItMayBe(t *testing.T) {
	const ofLog = ", or use one of SWITCHYARD_LOG_FORMAT, SWITCHYARD_LOG_LEVEL"
	for one, want := range map[string]string{
		"SWITCHYARD_LOG_LVL=x":               "SWITCHYARD_LOG_LVL is unknown: remove it" + ofLog,
		"SWITCHYARD_LOG_PORT=80":             "SWITCHYARD_LOG_PORT is unknown: remove it" + ofLog,
		"SWITCHYARD_LOG_PORT=redis://h:1":    "SWITCHYARD_LOG_PORT is unknown: remove it" + ofLog,
		"SWITCHYARD_LOG_SERVICE_HOST=a.b":    "SWITCHYARD_LOG_SERVICE_HOST is unknown: remove it" + ofLog,
		"SWITCHYARD_LOG_SERVICE_PORT=http":   "SWITCHYARD_LOG_SERVICE_PORT is unknown: remove it" + ofLog,
		"SWITCHYARD_LOG_PORT_80_TCP_PROTO=x": "SWITCHYARD_LOG_PORT_80_TCP_PROTO is unknown: remove it" + ofLog,
		"SWITCHYARD_LOG_=x":                  "SWITCHYARD_LOG_ is unknown: remove it" + ofLog,
		"SWITCHYARD_WORKER_DRAIN=soon":       `SWITCHYARD_WORKER_DRAIN "soon": give a duration with its unit, such as 30s`,
	} {
		if _, err := Load("", []string{one}, nil); errorText(err) != "environment: "+want {
			t.Errorf("%s: error %v, want %s", one, err, want)
		}
	}
	const all = `environment: SWITCHYARD_LOG_A is unknown: remove it` + ofLog + `
environment: SWITCHYARD_LOG_B is unknown: remove it` + ofLog + `
environment: SWITCHYARD_RDIS_URL is unknown: remove it, or use one of SWITCHYARD_BRIEFINGS_*, SWITCHYARD_CACHE_*, SWITCHYARD_CELERY_*, SWITCHYARD_CONFIG, SWITCHYARD_CONTROL_*, SWITCHYARD_DOCUMENTS_*, SWITCHYARD_EMAIL_*, SWITCHYARD_FETCHER_*, SWITCHYARD_LOG_*, SWITCHYARD_MONITOR_*, SWITCHYARD_REDIS_*, SWITCHYARD_SCHEDULER_*, SWITCHYARD_TASKS_*, SWITCHYARD_USER_*, SWITCHYARD_WEBHOOKS_*, SWITCHYARD_WORKER_*`
	if _, err := Load("", []string{"SWITCHYARD_LOG_B=1", "SWITCHYARD_LOG_A=1", "SWITCHYARD_RDIS_URL=1"}, nil); errorText(err) != all {
		t.Errorf("\n got %v\nwant %s", err, all)
	}
}

// TestNoSettingHasTheFormOfAService holds for settings to come.
func TestNoSettingHasTheFormOfAService(t *testing.T) {
	c := Default()
	for _, setting := range scalarsOf("", reflect.ValueOf(&c).Elem()) {
		for _, s := range services {
			if name := variableOf(setting.name); s.name.MatchString(name) {
				t.Errorf("%s could be a service's: give it another name", name)
			}
		}
	}
}

func TestEverySingleSettingHasAVariable(t *testing.T) {
	c, err := Load("", []string{"SWITCHYARD_REDIS_POOL_SIZE=7", "SWITCHYARD_FETCHER_ALLOW_PRIVATE=true", "SWITCHYARD_USER_DAY_TOKENS=5", "SWITCHYARD_REDIS_PASSWORD=a,b=c", "SWITCHYARD_LOG_LEVEL="}, nil)
	if err != nil || c.Redis.PoolSize != 7 || !c.Fetcher.AllowPrivate || c.UserDay.Tokens != 5 || c.Redis.Password.Reveal() != "a,b=c" || c.Log.Level != "info" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestTheRedisOfThePlatformIsTakenWhereNoSettingNamesOne(t *testing.T) {
	const platform = "REDIS_URL=redis://platform:1"
	file := write(t, `redis: {url: "redis://file:1"}`)
	flag := func(c *Config) { c.Redis.URL, c.Redis.From = "redis://flag:1", "--redis" }
	for _, tc := range []struct {
		path      string
		environ   []string
		override  func(*Config)
		url, from string
	}{
		{"", nil, nil, "", ""},
		{"", []string{platform}, nil, "redis://platform:1", "REDIS_URL"},
		{"", []string{platform, "SWITCHYARD_REDIS_URL="}, nil, "redis://platform:1", "REDIS_URL"},
		{"", []string{platform, "SWITCHYARD_REDIS_URL=redis://ours:1"}, nil, "redis://ours:1", "SWITCHYARD_REDIS_URL"},
		{file, []string{platform}, nil, "redis://file:1", file},
		{file, []string{platform, "SWITCHYARD_REDIS_URL=redis://ours:1"}, flag, "redis://flag:1", "--redis"},
		{"", []string{platform}, func(c *Config) { c.Redis.URL, c.Redis.From = "", "--redis" }, "", "--redis"},
	} {
		c, err := Load(tc.path, tc.environ, tc.override)
		if err != nil || c.Redis.URL != tc.url || c.Redis.From != tc.from {
			t.Errorf("%q, %q: %q from %q, %v; want %q from %q", tc.path, tc.environ, c.Redis.URL, c.Redis.From, err, tc.url, tc.from)
		}
	}
	if _, err := Load("", []string{"REDIS_URL=rediss://h:1?ssl_cert_reqs=none"}, nil); fmt.Sprint(err) != "redis, from REDIS_URL: redis URL rediss://h:1?ssl_cert_reqs=(hidden): redis: unexpected option: ssl_cert_reqs: correct it, or leave it out" {
		t.Errorf("error %v, want one that names the variable and the option", err)
	}
}
