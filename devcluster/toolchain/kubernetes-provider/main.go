// Command pulumi-resource-kubernetes is Pulumi's Kubernetes provider. Its own main package embeds generated files that a
// Go module does not carry (the schema, which only `pulumi package` commands ask for), so this one gives empty ones.
package main

import "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"

// version is set by the linker.
var version = "0.0.0"

func main() { provider.Serve("kubernetes", version, []byte("{}"), []byte("{}")) }
