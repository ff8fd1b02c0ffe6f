import assert from "node:assert/strict";
import { checkout, succeed } from "../support/project";

describe("working by hand", () => {
    it('goes with eval "$(make -s env)"', async () => {
        const script =
            'eval "$(make -s env)"; pulumi stack ls; kubectl get nodes,pods,pvc,pdb,svc -A; mc --version; pulumi about';
        const text = await succeed("bash", ["-euc", script], { cwd: checkout });
        assert.match(text, /service\/kubernetes/);
        assert.match(text, /node\/n1\s+Ready/);
        assert.match(text, /mc version/);
        assert.match(text, /^CLI/m);
        assert.match(text, /Version\s+3\.\d+/);
    });
});
