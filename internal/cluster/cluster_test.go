package cluster

import (
	"context"
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	for range 3 {
		b := time.Now()
		c, err := Start(context.Background(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(time.Since(b), c.URL("postgres"), c.Programs())
		b = time.Now()
		if err := c.Restart(t.Context(), nil); err != nil {
			t.Error(err)
		}
		t.Log("restart", time.Since(b))
		b = time.Now()
		if err := c.Crash(); err != nil {
			t.Error(err)
		}
		t.Log("crash", time.Since(b))
		b = time.Now()
		if err := c.Restart(t.Context(), nil); err != nil {
			t.Error(err)
		}
		t.Log("restart", time.Since(b))
		b = time.Now()
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
		t.Log("remove", time.Since(b))
	}
}
