package metrics

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	dto "github.com/prometheus/client_model/go"

	"pgsluice/internal/daemon/worktest"
	"pgsluice/internal/docs"
)

func topic(t *testing.T, name string) string {
	t.Helper()
	text, err := docs.Topic(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// labels are those of each of our metrics.
func labels(t *testing.T) (of map[string][]string, types map[string]string) {
	t.Helper()
	families, err := busy(t, worktest.New()).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	of, types = map[string][]string{}, map[string]string{}
	for _, family := range families {
		name := family.GetName()
		if !strings.HasPrefix(name, namespace+"_") {
			continue
		}
		types[name] = strings.ToLower(dto.MetricType_name[int32(family.GetType())])
		of[name] = nil
		for _, l := range family.GetMetric()[0].GetLabel() {
			of[name] = append(of[name], l.GetName())
		}
	}
	return of, types
}

// The table of `pgsluice help metrics` is that of the metrics.
func TestTheTableIsThatOfTheMetrics(t *testing.T) {
	t.Parallel()
	of, types := labels(t)
	var want, got []string
	for name, labels := range of {
		want = append(want, fmt.Sprintf("%s %s %s", name, types[name], strings.Join(labels, ", ")))
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(pgsluice_[a-z_]+)` \\| ([a-z]+) \\| ([a-z, ]*?) ?\\|").FindAllStringSubmatch(topic(t, "metrics"), -1) {
		labels := strings.Split(row[3], ", ")
		slices.Sort(labels)
		got = append(got, fmt.Sprintf("%s %s %s", row[1], row[2], strings.Join(labels, ", ")))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the table has\n%s\nand there are\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// alertFile is a file of rules of Prometheus, strictly.
type alertFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

// All that the dashboard, the rules and the topic's examples ask for is there, with its labels.
func TestEveryQueryNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	of, _ := labels(t)
	queries := map[string]string{}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(topic(t, "grafana.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		for i, target := range panel.Targets {
			queries[fmt.Sprintf("panel %s, %d", panel.Title, i)] = target.Expr
		}
	}
	var rules alertFile
	if err := yaml.UnmarshalWithOptions([]byte(topic(t, "alerts.yaml")), &rules, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules.Groups[0].Rules {
		if rule.Alert == "" || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" {
			t.Errorf("%+v is not whole", rule)
		}
		queries["alert "+rule.Alert] = rule.Expr
		for _, text := range rule.Annotations {
			for _, l := range regexp.MustCompile(`\$labels\.([a-z]+)`).FindAllStringSubmatch(text, -1) {
				if !regexp.MustCompile(`by \([a-z, ]*\b` + l[1] + `\b`).MatchString(rule.Expr) {
					t.Errorf("%s: its text has the label %s, which its result has not", rule.Alert, l[1])
				}
			}
		}
	}
	if len(rules.Groups[0].Rules) < 5 || len(dashboard.Panels) < 8 {
		t.Fatalf("%d rules, %d panels", len(rules.Groups[0].Rules), len(dashboard.Panels))
	}
	queries["the topic"] = strings.Join(regexp.MustCompile(`(?m)^    .*pgsluice_.*$`).FindAllString(topic(t, "metrics"), -1), "\n")
	for where, query := range queries {
		checkQuery(t, where, query, of)
	}
}

// checkQuery compares the names in a query with what there is.
func checkQuery(t *testing.T, where, query string, of map[string][]string) {
	t.Helper()
	known := map[string]bool{}
	metrics := regexp.MustCompile(`(pgsluice_[a-z_]+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(query, -1)
	if len(metrics) == 0 {
		t.Errorf("%s asks for nothing: %s", where, query)
	}
	for _, m := range metrics {
		labels, there := of[m[1]]
		if !there {
			t.Errorf("%s: there is no %s", where, m[1])
		}
		for _, l := range labels {
			known[l] = true
		}
		for _, l := range regexp.MustCompile(`([a-z_]+)=`).FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(labels, l[1]) {
				t.Errorf("%s: %s has no label %s", where, m[1], l[1])
			}
		}
	}
	for _, by := range regexp.MustCompile(`by \(([a-z, ]+)\)`).FindAllStringSubmatch(query, -1) {
		for l := range strings.SplitSeq(by[1], ", ") {
			if !known[l] {
				t.Errorf("%s: by %s, and there are %v", where, l, slices.Sorted(maps.Keys(known)))
			}
		}
	}
}
