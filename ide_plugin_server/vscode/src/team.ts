/** Connected mode: the token of a team's service is kept for its address, and given to no other. */
import { SERVER_SECTION } from "./settings";

/** The variable in which the server looks for the token. */
export const TOKEN_VARIABLE = "REVIEWER_TEAM_TOKEN";

/** The name of a service's token in the secret storage; undefined for what is no address of a service. */
export function nameSecret(url: string): string | undefined {
  return isAddress(url) ? `${SERVER_SECTION}.team.token:${url}` : undefined;
}

/** Whether text is an address that a token may go to: https, or this machine. */
export function isAddress(text: string): boolean {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return false;
  }
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && isHere);
}

/** The server's environment: this process's, with the team's token and never with one that came from elsewhere. */
export function makeEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  token: string | undefined,
): Record<string, string | undefined> {
  return { ...inherited, [TOKEN_VARIABLE]: token === "" ? undefined : token };
}
