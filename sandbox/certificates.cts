import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { generate } from 'selfsigned';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The sandbox's own certificate authority: issues certificates for any host on demand. */
export interface CertificateAuthority {
	/** The CA's certificate in PEM form, for a client's NODE_EXTRA_CA_CERTS. */
	readonly file: string;
	/** A TLS context with a certificate for `host`. */
	contextFor(host: string): Promise<SecureContext>;
}

/**
 * Loads the certificate authority kept in `folder`, or creates one there. It is kept because Node
 * reads NODE_EXTRA_CA_CERTS only at start: clients can keep running when the sandbox restarts.
 */
export async function openCertificateAuthority(folder: string): Promise<CertificateAuthority> {
	const file = join(folder, 'ca.pem');
	const keyFile = join(folder, 'ca-key.pem');
	if (!isUsable(file) || !existsSync(keyFile)) {
		const made = await generate([{ name: 'commonName', value: 'Cliniko sandbox CA' }], {
			...certificateTerms(365),
			extensions: [
				{ name: 'basicConstraints', cA: true, critical: true },
				{ name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
			],
		});
		writeFileSync(keyFile, made.private, { mode: 0o600 });
		writeFileSync(file, made.cert);
	}
	const ca = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(file, 'utf8') };

	const contexts = new Map<string, Promise<SecureContext>>();
	const issue = async (host: string): Promise<SecureContext> => {
		const made = await generate([{ name: 'commonName', value: host }], {
			...certificateTerms(30),
			ca,
			extensions: [
				{ name: 'basicConstraints', cA: false },
				{ name: 'keyUsage', digitalSignature: true, critical: true },
				{ name: 'extKeyUsage', serverAuth: true },
				{ name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
			],
		});
		return createSecureContext({ key: made.private, cert: made.cert });
	};
	return {
		file,
		// One certificate per host, because a wildcard cannot match the middle label of
		// `api.<shard>.cliniko.com`.
		async contextFor(host) {
			const context = contexts.get(host) ?? issue(host);
			contexts.set(host, context);
			return await context;
		},
	};
}

/** Common options of all certificates; valid from yesterday, in case a clock is slow. */
function certificateTerms(days: number) {
	return {
		keyType: 'ec' as const,
		algorithm: 'sha256',
		notBeforeDate: new Date(Date.now() - DAY_MS),
		notAfterDate: new Date(Date.now() + days * DAY_MS),
	};
}

function isUsable(file: string): boolean {
	if (!existsSync(file)) return false;
	const { validTo } = new X509Certificate(readFileSync(file));
	return Date.parse(validTo) > Date.now() + 31 * DAY_MS;
}
