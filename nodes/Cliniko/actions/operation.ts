import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

/** Something the node can do. To add one, write its file and put it into its resource's list. */
export interface Operation {
	name: string;
	value: string;
	/** As in n8n's node panel: a sentence without articles. */
	action: string;
	description: string;
	fields: INodeProperties[];
	/** Works through all input items at once; outputs in their order. */
	execute: (context: IExecuteFunctions) => Promise<INodeExecutionData[]>;
}

/** What operations are about. */
export interface Resource {
	name: string;
	value: string;
	defaultOperation: string;
	operations: Operation[];
}
