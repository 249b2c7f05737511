package contained

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What Debian's clients send, with all that they can be told to send, is let
// through: the broker counts no broken packet.
func TestWhatMosquittoSendsPasses(t *testing.T) {
	s := newStage(t, Options{TCP: "127.0.0.1:0", Retained: 10}, liberal{})
	for _, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for _, qos := range []string{"0", "1", "2"} {
			more := []string{"-V", version, "-q", qos, "-i", "m-" + version + qos, "--will-topic", "wills/größe", "--will-payload", "gone", "--will-qos", qos, "-u", "ann"}
			said := append(more, "-t", "news/"+version+qos, "-m", "5", "-r", "--repeat", "3")
			heard := append(more, "-t", "news/"+version+qos, "-t", "a/+/b", "-C", "1", "-c", "-k", "10")
			if version == "mqttv5" {
				said = append(said, strings.Fields("-x 60 -D connect receive-maximum 20 -D connect user-property a b -D connect request-problem-information 1 "+
					"-D publish content-type text -D publish payload-format-indicator 1 -D publish message-expiry-interval 60 -D publish response-topic an/answer "+
					"-D publish correlation-data xyz -D publish user-property k v -D will content-type text -D will will-delay-interval 5 -D disconnect user-property k v")...)
				heard = append(heard, strings.Fields("-x 60 -D connect maximum-packet-size 60000 -D subscribe subscription-identifier 7 -D subscribe user-property k v -D disconnect session-expiry-interval 5")...)
			}
			says(t, s.mosquitto("mosquitto_pub", said...))
			require.Equal(t, "5", says(t, s.mosquitto("mosquitto_sub", heard...)), "%s %s", version, qos)
		}
	}
	require.Zero(t, s.count(BrokenPackets))
}
