// Command pulumi-resource-random is Pulumi's random provider, bridged from the Terraform provider: the published one is
// not served as a Go module.
package main

import (
	"context"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
)

//go:generate go run . schema --out .

func main() {
	if len(os.Args) > 1 && os.Args[1] == "schema" {
		tfgen.Main("random", randomProvider())
		return
	}
	tfbridge.Main(context.Background(), "random", randomProvider(), tfbridge.ProviderMetadata{
		PackageSchema:  schema,
		BridgeMetadata: bridgeMetadata,
	})
}
