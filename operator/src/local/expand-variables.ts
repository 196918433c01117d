/** Kubernetes' `$(VAR)` expansion (k8s.io/kubernetes/third_party/forked/golang/expansion). Pure. */

/** `$(NAME)` becomes its value, an unknown one stays as it stands, `$$` is one dollar sign. */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  let expanded = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character !== '$') {
      expanded += character;
      continue;
    }
    const next = text[at + 1];
    if (next === '$') {
      expanded += '$';
      at++;
      continue;
    }
    const end = next === '(' ? text.indexOf(')', at + 2) : -1;
    if (end === -1) {
      expanded += '$';
      continue;
    }
    expanded += variables.get(text.slice(at + 2, end)) ?? text.slice(at, end + 1);
    at = end;
  }
  return expanded;
}
