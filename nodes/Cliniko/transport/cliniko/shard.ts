import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { ClinikoError } from '../../errors';

/** The shard of keys that were made before keys carried one (Cliniko's guide on URLs). */
const FIRST_SHARD = 'au1';

/** The last part of a key, such as `-uk2`. Only the last: the rest of a key may hold hyphens too. */
const KEY_SUFFIX = /-([a-z]{2}\d{1,2})$/i;

/**
 * What a shard looks like. Cliniko asks integrations to check it, because it becomes part of a host
 * name; its list of shards grows, so the form is checked and not the membership.
 */
const SHARD = /^[a-z]{2}\d{1,2}$/;

/**
 * The shard (Cliniko's name for a region's servers) that a credential's key belongs to.
 *
 * @param credential the fields of a "Cliniko API" credential
 * @returns a lower-case shard such as `au2`
 * @throws ClinikoError if the field holds no shard, or another one than the key itself names
 */
export function shardOf(credential: ICredentialDataDecryptedObject): string {
	const named = KEY_SUFFIX.exec(apiKeyOf(credential))?.[1]?.toLowerCase();
	const field = credential.shard === 'other' ? credential.customShard : credential.shard;
	const chosen = typeof field === 'string' ? field.trim().toLowerCase() : '';
	if (!chosen && credential.shard !== 'other') return named ?? FIRST_SHARD;
	if (!SHARD.test(chosen)) {
		throw new ClinikoError(
			'The shard in the Cliniko API credential is not a shard: those are two letters and one or two digits, such as au1.',
			'Set Shard to Detect From API Key unless Cliniko told you otherwise.',
		);
	}
	if (named && named !== chosen) {
		throw new ClinikoError(
			`The API key ends in -${named}, but Shard in the Cliniko API credential is set to ${chosen}: set it to Detect From API Key.`,
			'The end of the key names the shard it belongs to.',
		);
	}
	return chosen;
}

/**
 * The key without the white space that copying it from a web page or an e-mail leaves around it.
 *
 * @throws ClinikoError if there is no key
 */
export function apiKeyOf(credential: ICredentialDataDecryptedObject): string {
	const apiKey = typeof credential.apiKey === 'string' ? credential.apiKey.trim() : '';
	if (!apiKey) {
		throw new ClinikoError(
			'The Cliniko API credential has no API key: paste the one that Cliniko gave you.',
			'In Cliniko a key is made under My Info > Manage API Keys.',
		);
	}
	return apiKey;
}

/**
 * The only host that a key of this shard is ever sent to.
 *
 * @param shard a shard from `shardOf`
 */
export function apiHost(shard: string): string {
	return `api.${shard}.cliniko.com`;
}
