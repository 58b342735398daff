import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { isClinikoRecord } from '../records/clinikoRecord';
import { connect } from '../transport/n8n';

/**
 * Fills the list from which an attachment is chosen: newest first, of the chosen patient if any,
 * filtered by file name.
 *
 * @param filter what the user typed
 * @param paginationToken the number of the page; undefined for the first
 */
export async function searchAttachments(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const api = await connect(this);
	const page = Number(paginationToken ?? 1);
	const patientId = String(this.getNodeParameter('patientId', '', { extractValue: true }) ?? '');
	const filters = [
		...(/^\d+$/.test(patientId) ? [`patient_id:=${patientId}`] : []),
		...(filter?.trim() ? [`filename:~${filter.trim()}`] : []),
	];
	const { rows, hasMore } = await api.page(
		'patient_attachments',
		filters,
		{ action: 'look up attachments' },
		{ page: String(page), per_page: '50', sort: 'created_at:desc' },
	);
	return {
		results: rows.filter(isClinikoRecord).map(({ id, filename, created_at: created }) => ({
			name: `${String(filename ?? 'Not processed yet')} (${String(created).slice(0, 10)}, ID ${id})`,
			value: id,
		})),
		paginationToken: hasMore ? String(page + 1) : undefined,
	};
}
