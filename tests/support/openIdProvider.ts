import { generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Provider from "oidc-provider";

export interface ProviderOptions {
    /** An address of this machine. */
    host: string;
    /** For this address, and the certificate of who signed it. */
    tls: { certificate: string; key: string; authority: string };
    /** By which MinIO signs in. */
    client: { id: string; secret: string };
    /** The claims of each user, beside its name, which is the claim `sub`. They come with the scope `profile`. */
    users: Record<string, Record<string, unknown>>;
}

/** Where a browser would go back to. Nobody listens there. */
const redirectUri = "https://minio.example.org/oauth_callback";

const signIn = "/sign-in/";

/** A real OpenID Connect provider with TLS, panva's oidc-provider, on this machine. */
export class OpenIdProvider {
    /** Where everything of the provider is described. */
    configUrl = "";
    private issuer = "";
    private provider?: Provider;
    private readonly server;

    constructor(private readonly options: ProviderOptions) {
        const { certificate: cert, key } = options.tls;
        this.server = createServer({ cert, key }, (request, response) => this.answer(request, response));
    }

    async start(): Promise<void> {
        const { host, client, users } = this.options;
        await new Promise<void>((resolve) => this.server.listen(0, host, resolve));
        this.issuer = `https://${host}:${(this.server.address() as AddressInfo).port}`;
        this.configUrl = `${this.issuer}/.well-known/openid-configuration`;
        const claims = Object.values(users).flatMap(Object.keys);
        const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        this.provider = new Provider(this.issuer, {
            clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirectUri] }],
            claims: { openid: ["sub"], profile: [...new Set(claims)] },
            // MinIO looks into the ID token, and not at the endpoint that tells of a user.
            conformIdTokenClaims: false,
            jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "test", use: "sig", alg: "RS256" }] },
            cookies: { keys: ["test"] },
            // Seconds; those of the library's own would each be told of.
            ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
            features: { devInteractions: { enabled: false } },
            interactions: { url: (_, { uid }) => `${signIn}${uid}` },
            findAccount: (_, accountId) =>
                users[accountId] && { accountId, claims: () => ({ sub: accountId, ...users[accountId] }) },
            // Nobody is asked whether the client may know the claims.
            loadExistingGrant: async ({ oidc }) => {
                const { clientId } = oidc.client ?? {};
                const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session?.accountId });
                grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(" "));
                await grant.save();
                return grant;
            },
        });
    }

    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    /** What a user gets who signs in: an ID token, by the authorization code flow. */
    async idToken(user: string, scopes: string[]): Promise<string> {
        const { client } = this.options;
        const cookies = new Map<string, string>();
        const query = {
            client_id: client.id,
            redirect_uri: redirectUri,
            response_type: "code",
            scope: scopes.join(" "),
            state: "test",
            login_hint: user,
        };
        let location = `${this.issuer}/auth?${new URLSearchParams(query)}`;
        while (!location.startsWith(redirectUri)) {
            const answer = await this.ask(location, { cookies });
            if (!answer.location) {
                throw new Error(`${location} answered ${answer.status}: ${answer.body}`);
            }
            location = new URL(answer.location, this.issuer).href;
        }
        const code = new URL(location).searchParams.get("code");
        const form = new URLSearchParams({
            grant_type: "authorization_code",
            code: code ?? "",
            redirect_uri: redirectUri,
        });
        const { status, body } = await this.ask(`${this.issuer}/token`, { form });
        const { id_token: token } = JSON.parse(body);
        if (!token) {
            throw new Error(`the provider answered ${status}: ${body}`);
        }
        return token;
    }

    /** Who comes to sign in is whom the request names. */
    private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const provider = this.provider as Provider;
        if (!request.url?.startsWith(signIn)) {
            await provider.callback()(request, response);
            return;
        }
        const { params } = await provider.interactionDetails(request, response);
        const accountId = String(params.login_hint);
        await provider.interactionFinished(request, response, { login: { accountId } });
    }

    /** As a browser, which keeps cookies, or with a form as the client. */
    private async ask(
        url: string,
        { cookies = new Map<string, string>(), form }: { cookies?: Map<string, string>; form?: URLSearchParams },
    ): Promise<{ status?: number; location?: string; body: string }> {
        const { client, tls } = this.options;
        const headers: Record<string, string> = form
            ? {
                  "Content-Type": "application/x-www-form-urlencoded",
                  Authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString("base64")}`,
              }
            : { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
        const answer = await new Promise<IncomingMessage>((resolve, reject) => {
            const options = { method: form ? "POST" : "GET", headers, ca: tls.authority };
            request(url, options, resolve).on("error", reject).end(form?.toString());
        });
        for (const cookie of answer.headers["set-cookie"] ?? []) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
            cookies.set(name, value);
        }
        return { status: answer.statusCode, location: answer.headers.location, body: await text(answer) };
    }
}
