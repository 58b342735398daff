/** The API that n8n's editor uses. */
export interface N8nApi {
	/** `http://127.0.0.1:<port>` */
	readonly url: string;
	/**
	 * Sends a request to the editor's API, signed in as the owner if the sign-in used this too.
	 *
	 * @returns the reply, without the `data` that wraps most replies
	 * @throws with n8n's message if the reply is not 2xx
	 */
	call<T>(method: string, path: string, body?: unknown): Promise<T>;
}

/** @param url of an n8n that runs or is going to */
export function apiOf(url: string): N8nApi {
	let cookie = '';
	return {
		url,
		async call(method, path, body) {
			const response = await fetch(`${url}${path}`, {
				method,
				// n8n binds a session to the browser that started it.
				headers: { cookie, 'browser-id': 'e2e', 'content-type': 'application/json' },
				body: JSON.stringify(body),
			});
			cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
			const text = await response.text();
			if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
			const reply = JSON.parse(text);
			return reply.data ?? reply;
		},
	};
}

export async function isReady(url: string): Promise<boolean> {
	try {
		return (await fetch(`${url}/healthz/readiness`)).ok;
	} catch {
		return false;
	}
}
