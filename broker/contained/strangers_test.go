package contained

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheOldestSilentConnectionMakesRoom(t *testing.T) {
	l := strangers{most: 2}
	a, b, c := &Client{}, &Client{}, &Client{}
	l.enter(a)
	require.False(t, l.full())
	l.enter(b)
	require.True(t, l.full())
	require.Same(t, a, l.oldest())
	l.enter(c)
	l.leave(b)
	l.leave(b)
	require.Same(t, c, l.oldest())
	require.Nil(t, l.oldest())
}

func TestAPaceLetsSoManyThroughASecond(t *testing.T) {
	var p pace
	p.set(100, time.Second/10)
	now := time.Now()
	for range 10 {
		require.Zero(t, p.turn(now), "a tenth of a second's at once")
	}
	for n := range 100 {
		require.Equal(t, time.Duration(n+1)*10*time.Millisecond, p.turn(now))
	}
	require.Equal(t, 10*time.Millisecond, p.turn(now.Add(time.Second)), "it is the turn of those who waited")
	require.Zero(t, p.turn(now.Add(time.Hour)))
	var free pace
	for range 1000 {
		require.Zero(t, free.turn(now))
	}
}
