/** What to do once everything runs: where to look, and a first request that can be pasted as it is. */

export interface WelcomeOptions {
  baseUrl: string;
  temporalUiUrl: string | null;
  home: string;
}

export function welcome({ baseUrl, temporalUiUrl, home }: WelcomeOptions): string {
  return `
  Dashboard         ${baseUrl}
  Temporal Web UI   ${temporalUiUrl ?? 'of the Temporal service in TEMPORAL_ADDRESS'}
  Data and logs     ${home}

  A first request, for another terminal:

    H=${baseUrl} J='content-type: application/json' C=/tmp/hypervize-cookies
    curl -s -c $C -H "$J" $H/api/auth/sign-up/email -d '{"name":"Me","email":"me@example.com","password":"a-long-password"}'
    URL=$(curl -s -b $C -H "$J" $H/api/provision -d '{"model":"HuggingFaceTB/SmolLM2-135M-Instruct","minNodes":0,"maxNodes":1}' | sed 's/.*"defaultUrl":"\\([^"]*\\)".*/\\1/')
    KEY=$(curl -s -b $C -H "$J" $H/api/keys -d '{"name":"first","scopes":["inference"]}' | sed 's/.*"key":"\\([^"]*\\)".*/\\1/')
    curl $URL -H "authorization: Bearer $KEY" -H "$J" -d '{"model":"any","messages":[{"role":"user","content":"Say hello."}]}'

  Ctrl-C stops everything.`;
}
