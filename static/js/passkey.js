// Passkeys: shows what needs them where the browser knows them, and answers the question a page carries.
if (window.PublicKeyCredential && navigator.credentials) {
  for (const part of document.querySelectorAll("[data-passkey]")) part.hidden = false;
}

const bytes = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};

const text = (buffer) => {
  if (!buffer) return undefined;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const listed = (credentials) => (credentials || []).map((one) => ({ ...one, id: bytes(one.id) }));

const readable = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
  ...(options.excludeCredentials && { excludeCredentials: listed(options.excludeCredentials) }),
  ...(options.allowCredentials && { allowCredentials: listed(options.allowCredentials) }),
});

const written = (credential) => {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
};

const form = document.querySelector("form[data-options]");
if (form) {
  const ask = async () => {
    const publicKey = readable(JSON.parse(form.dataset.options));
    try {
      const credential = await navigator.credentials[form.dataset.do]({ publicKey });
      form.elements.answer.value = written(credential);
      form.submit();
    } catch {
      form.querySelector("[data-failed]").hidden = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  if (form.dataset.do === "get") ask();
}
