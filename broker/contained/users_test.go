package contained

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPasswordIsRightOrWrong(t *testing.T) {
	u := users(t, "mia", "bo")
	for _, x := range []struct {
		name, password string
		right          bool
	}{
		{"mia", "miamia", true}, {"mia", "miamia", true}, {"bo", "bobo", true}, {"mia", "bobo", false}, {"mia", "", false}, {"mia", "mia*", false},
		{"mia", "*", false}, {"", "", false}, {"eve", "eveeve", false}, {"eve", "", false}, {"MIA", "miamia", false}, {"mi", "miamia", false},
	} {
		require.Equal(t, x.right, u.Check(x.name, []byte(x.password)), "%s %s", x.name, x.password)
	}
	require.Len(t, u.verified, 2)
}

func TestUsersComeInTogether(t *testing.T) {
	u := users(t, "mia", "bo")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			require.True(t, u.Check("mia", []byte("miamia")))
			require.False(t, u.Check("bo", []byte("miamia")))
		})
	}
	all.Wait()
}

func TestAUsersFileThatIsWrongIsToldByLine(t *testing.T) {
	mia, err := HashPassword("mia", "x", minHashRounds)
	require.NoError(t, err)
	u, err := ReadUsers(strings.NewReader("# the night shift\n\n" + mia + "\n"))
	require.NoError(t, err)
	require.True(t, u.Check("mia", []byte("x")))
	for text, says := range map[string]string{
		"":                            "there is no user",
		"mia":                         "line 1: no user's name",
		"mia:secret":                  "line 1: mia has no hash",
		"\nmi/a:" + mia[4:]:           "line 2: no user's name",
		mia + "\n" + mia:              "line 2: mia is there already",
		mia[:len(mia)-4]:              "cut off",
		"mia:pbkdf2-sha256$1$aa$bb":   "no hash",
		"mia:bcrypt$1000$aaaaaa$bbbb": "no hash",
	} {
		_, err := ReadUsers(strings.NewReader(text))
		require.ErrorContains(t, err, says, text)
	}
	file := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(file, []byte(mia), 0o640))
	require.NoError(t, os.Chmod(file, 0o640))
	_, err = OpenUsers(file)
	require.ErrorContains(t, err, "others may read it (mode 0640): chmod 600")
	require.NoError(t, os.Chmod(file, 0o400))
	_, err = OpenUsers(file)
	require.NoError(t, err)
}

func TestAHashIsSaltedAndHoldsNoPassword(t *testing.T) {
	one, err := HashPassword("mia", "secret", HashRounds)
	require.NoError(t, err)
	two, err := HashPassword("mia", "secret", HashRounds)
	require.NoError(t, err)
	require.NotEqual(t, one, two)
	require.NotContains(t, one, "secret")
	for _, x := range []struct {
		user, password string
		rounds         int
	}{{"mia", "", 5000}, {"mia", "x", 999}, {"", "x", 5000}, {"a:b", "x", 5000}, {" a", "x", 5000}, {"a/b", "x", 5000}, {"#", "x", 5000}, {"*", "x", 5000}, {"$SYS", "x", 5000}} {
		_, err := HashPassword(x.user, x.password, x.rounds)
		require.Error(t, err, x.user)
	}
}

func TestAClientIdIsItsUsers(t *testing.T) {
	for _, id := range []string{"mia", "mia:", "mia:phone", "mia:desk:2"} {
		require.True(t, Owns("mia", id), id)
	}
	for _, id := range []string{"", "mi", "mia2", "mia-phone", "Mia", "bo", "bo:mia", ":mia"} {
		require.False(t, Owns("mia", id), id)
	}
}
