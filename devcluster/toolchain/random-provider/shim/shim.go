// Package shim stands under the upstream module's path, as only there Go lets it import the internal package.
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	random "github.com/terraform-providers/terraform-provider-random/internal/provider"
)

// New is the upstream Terraform provider.
func New() provider.Provider { return random.New() }
