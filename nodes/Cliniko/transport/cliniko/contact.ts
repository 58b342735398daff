import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { ClinikoError } from '../../errors';

/** An e-mail address in characters that are allowed in a header: visible ASCII and Latin-1. */
const EMAIL = /^(?!.*[^\x21-\x7e\xa1-\xff])[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+$/;

/**
 * The address at which Cliniko can reach whoever runs this n8n.
 *
 * @throws ClinikoError if the credential has no valid one
 */
export function contactOf(credential: ICredentialDataDecryptedObject): string {
	const contact = String(credential.contactEmail ?? '').trim();
	if (!EMAIL.test(contact)) {
		throw new ClinikoError(
			'The Cliniko API credential has no valid contact e-mail address: fill in Contact Email.',
			'Cliniko asks for it on every request and may block requests that name no contact.',
		);
	}
	return contact;
}
