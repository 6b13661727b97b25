/* Every struct of api/ with its table, for test_api.c. OBJECT(T, prefix) is the user's part. */
#pragma once

#include "api/auth.h"
#include "api/certificate.h"
#include "api/devlxd.h"
#include "api/event.h"
#include "api/image.h"
#include "api/init.h"
#include "api/instance_exec.h"
#include "api/instance_full.h"
#include "api/network.h"
#include "api/network_acl.h"
#include "api/network_forward.h"
#include "api/network_load_balancer.h"
#include "api/network_peer.h"
#include "api/network_zone.h"
#include "api/operation.h"
#include "api/resources.h"
#include "api/response.h"
#include "api/server.h"
#include "api/storage_bucket.h"
#include "api/warning.h"

#define API_OBJECTS \
        OBJECT(ApiIdentity, api_identity), \
        OBJECT(ApiPermission, api_permission), \
        OBJECT(ApiIdentityInfo, api_identity_info), \
        OBJECT(ApiIdentityPut, api_identity_put), \
        OBJECT(ApiIdentitiesTlsPost, api_identities_tls_post), \
        OBJECT(ApiAuthGroup, api_auth_group), \
        OBJECT(ApiAuthGroupsPost, api_auth_groups_post), \
        OBJECT(ApiAuthGroupPost, api_auth_group_post), \
        OBJECT(ApiAuthGroupPut, api_auth_group_put), \
        OBJECT(ApiIdentityProviderGroup, api_identity_provider_group), \
        OBJECT(ApiIdentityProviderGroupPost, api_identity_provider_group_post), \
        OBJECT(ApiIdentityProviderGroupPut, api_identity_provider_group_put), \
        OBJECT(ApiIdentityProviderGroupsPost, api_identity_provider_groups_post), \
        OBJECT(ApiPermissionInfo, api_permission_info), \
        OBJECT(ApiCertificatesPost, api_certificates_post), \
        OBJECT(ApiCertificatePut, api_certificate_put), \
        OBJECT(ApiCertificate, api_certificate), \
        OBJECT(ApiCertificateAddToken, api_certificate_add_token), \
        OBJECT(ApiClusterMemberConfigKey, api_cluster_member_config_key), \
        OBJECT(ApiCluster, api_cluster), \
        OBJECT(ApiClusterPut, api_cluster_put), \
        OBJECT(ApiClusterMembersPost, api_cluster_members_post), \
        OBJECT(ApiClusterMemberJoinToken, api_cluster_member_join_token), \
        OBJECT(ApiClusterMemberPost, api_cluster_member_post), \
        OBJECT(ApiClusterMember, api_cluster_member), \
        OBJECT(ApiClusterMemberPut, api_cluster_member_put), \
        OBJECT(ApiClusterCertificatePut, api_cluster_certificate_put), \
        OBJECT(ApiClusterMemberStatePost, api_cluster_member_state_post), \
        OBJECT(ApiClusterGroupsPost, api_cluster_groups_post), \
        OBJECT(ApiClusterGroup, api_cluster_group), \
        OBJECT(ApiClusterGroupPost, api_cluster_group_post), \
        OBJECT(ApiClusterGroupPut, api_cluster_group_put), \
        OBJECT(ApiClusterMemberSysInfo, api_cluster_member_sys_info), \
        OBJECT(ApiClusterMemberState, api_cluster_member_state), \
        OBJECT(ApiDevLxdPut, api_dev_lxd_put), \
        OBJECT(ApiDevLxdGet, api_dev_lxd_get), \
        OBJECT(ApiEvent, api_event), \
        OBJECT(ApiEventLogging, api_event_logging), \
        OBJECT(ApiEventLifecycleRequestor, api_event_lifecycle_requestor), \
        OBJECT(ApiEventLifecycle, api_event_lifecycle), \
        OBJECT(ApiImageAlias, api_image_alias), \
        OBJECT(ApiImageExportPost, api_image_export_post), \
        OBJECT(ApiImagesPostSource, api_images_post_source), \
        OBJECT(ApiImagesPost, api_images_post), \
        OBJECT(ApiImagePut, api_image_put), \
        OBJECT(ApiImageSource, api_image_source), \
        OBJECT(ApiImage, api_image), \
        OBJECT(ApiImageAliasesPost, api_image_aliases_post), \
        OBJECT(ApiImageAliasesEntryPost, api_image_aliases_entry_post), \
        OBJECT(ApiImageAliasesEntryPut, api_image_aliases_entry_put), \
        OBJECT(ApiImageAliasesEntry, api_image_aliases_entry), \
        OBJECT(ApiImageMetadataTemplate, api_image_metadata_template), \
        OBJECT(ApiImageMetadata, api_image_metadata), \
        OBJECT(ApiInitNetworksProjectPost, api_init_networks_project_post), \
        OBJECT(ApiInitClusterPreseed, api_init_cluster_preseed), \
        OBJECT(ApiInitStorageVolumesProjectPost, api_init_storage_volumes_project_post), \
        OBJECT(ApiInitPreseed, api_init_preseed), \
        OBJECT(ApiInstanceSource, api_instance_source), \
        OBJECT(ApiInstancesPost, api_instances_post), \
        OBJECT(ApiInstancesPut, api_instances_put), \
        OBJECT(ApiInstancePostTarget, api_instance_post_target), \
        OBJECT(ApiInstancePost, api_instance_post), \
        OBJECT(ApiInstancePut, api_instance_put), \
        OBJECT(ApiInstance, api_instance), \
        OBJECT(ApiInstanceRebuildPost, api_instance_rebuild_post), \
        OBJECT(ApiInstanceBackupsPost, api_instance_backups_post), \
        OBJECT(ApiInstanceBackup, api_instance_backup), \
        OBJECT(ApiInstanceBackupPost, api_instance_backup_post), \
        OBJECT(ApiInstanceConsoleControl, api_instance_console_control), \
        OBJECT(ApiInstanceConsolePost, api_instance_console_post), \
        OBJECT(ApiInstanceExecControl, api_instance_exec_control), \
        OBJECT(ApiInstanceExecPost, api_instance_exec_post), \
        OBJECT(ApiInstanceFull, api_instance_full), \
        OBJECT(ApiInstanceSnapshotsPost, api_instance_snapshots_post), \
        OBJECT(ApiInstanceSnapshotPost, api_instance_snapshot_post), \
        OBJECT(ApiInstanceSnapshotPut, api_instance_snapshot_put), \
        OBJECT(ApiInstanceSnapshot, api_instance_snapshot), \
        OBJECT(ApiInstanceStatePut, api_instance_state_put), \
        OBJECT(ApiInstanceStateDisk, api_instance_state_disk), \
        OBJECT(ApiInstanceStateMemory, api_instance_state_memory), \
        OBJECT(ApiInstanceStateNetworkAddress, api_instance_state_network_address), \
        OBJECT(ApiInstanceStateNetworkCounters, api_instance_state_network_counters), \
        OBJECT(ApiInstanceStateNetwork, api_instance_state_network), \
        OBJECT(ApiInstanceStateCpu, api_instance_state_cpu), \
        OBJECT(ApiInstanceState, api_instance_state), \
        OBJECT(ApiNetworksPost, api_networks_post), \
        OBJECT(ApiNetworkPost, api_network_post), \
        OBJECT(ApiNetworkPut, api_network_put), \
        OBJECT(ApiNetwork, api_network), \
        OBJECT(ApiNetworkLease, api_network_lease), \
        OBJECT(ApiNetworkStateAddress, api_network_state_address), \
        OBJECT(ApiNetworkStateCounters, api_network_state_counters), \
        OBJECT(ApiNetworkStateBond, api_network_state_bond), \
        OBJECT(ApiNetworkStateBridge, api_network_state_bridge), \
        OBJECT(ApiNetworkStateVlan, api_network_state_vlan), \
        OBJECT(ApiNetworkStateOvn, api_network_state_ovn), \
        OBJECT(ApiNetworkState, api_network_state), \
        OBJECT(ApiNetworkAllocations, api_network_allocations), \
        OBJECT(ApiNetworkAclRule, api_network_acl_rule), \
        OBJECT(ApiNetworkAclPost, api_network_acl_post), \
        OBJECT(ApiNetworkAclPut, api_network_acl_put), \
        OBJECT(ApiNetworkAcl, api_network_acl), \
        OBJECT(ApiNetworkAclsPost, api_network_acls_post), \
        OBJECT(ApiNetworkForwardPort, api_network_forward_port), \
        OBJECT(ApiNetworkForwardsPost, api_network_forwards_post), \
        OBJECT(ApiNetworkForwardPut, api_network_forward_put), \
        OBJECT(ApiNetworkForward, api_network_forward), \
        OBJECT(ApiNetworkLoadBalancerBackend, api_network_load_balancer_backend), \
        OBJECT(ApiNetworkLoadBalancerPort, api_network_load_balancer_port), \
        OBJECT(ApiNetworkLoadBalancersPost, api_network_load_balancers_post), \
        OBJECT(ApiNetworkLoadBalancerPut, api_network_load_balancer_put), \
        OBJECT(ApiNetworkLoadBalancer, api_network_load_balancer), \
        OBJECT(ApiNetworkPeersPost, api_network_peers_post), \
        OBJECT(ApiNetworkPeerPut, api_network_peer_put), \
        OBJECT(ApiNetworkPeer, api_network_peer), \
        OBJECT(ApiNetworkZonesPost, api_network_zones_post), \
        OBJECT(ApiNetworkZonePut, api_network_zone_put), \
        OBJECT(ApiNetworkZone, api_network_zone), \
        OBJECT(ApiNetworkZoneRecordEntry, api_network_zone_record_entry), \
        OBJECT(ApiNetworkZoneRecordsPost, api_network_zone_records_post), \
        OBJECT(ApiNetworkZoneRecordPut, api_network_zone_record_put), \
        OBJECT(ApiNetworkZoneRecord, api_network_zone_record), \
        OBJECT(ApiOperationRequestor, api_operation_requestor), \
        OBJECT(ApiOperation, api_operation), \
        OBJECT(ApiProfilesPost, api_profiles_post), \
        OBJECT(ApiProfilePost, api_profile_post), \
        OBJECT(ApiProfilePut, api_profile_put), \
        OBJECT(ApiProfile, api_profile), \
        OBJECT(ApiProjectsPost, api_projects_post), \
        OBJECT(ApiProjectPost, api_project_post), \
        OBJECT(ApiProjectPut, api_project_put), \
        OBJECT(ApiProject, api_project), \
        OBJECT(ApiProjectStateResource, api_project_state_resource), \
        OBJECT(ApiProjectState, api_project_state), \
        OBJECT(ApiResources, api_resources), \
        OBJECT(ApiResourcesCpuCache, api_resources_cpu_cache), \
        OBJECT(ApiResourcesCpuThread, api_resources_cpu_thread), \
        OBJECT(ApiResourcesCpuCore, api_resources_cpu_core), \
        OBJECT(ApiResourcesCpuSocket, api_resources_cpu_socket), \
        OBJECT(ApiResourcesCpu, api_resources_cpu), \
        OBJECT(ApiResourcesMemoryNode, api_resources_memory_node), \
        OBJECT(ApiResourcesMemory, api_resources_memory), \
        OBJECT(ApiResourcesUsbDeviceInterface, api_resources_usb_device_interface), \
        OBJECT(ApiResourcesUsbDevice, api_resources_usb_device), \
        OBJECT(ApiResourcesUsb, api_resources_usb), \
        OBJECT(ApiResourcesPciVpd, api_resources_pci_vpd), \
        OBJECT(ApiResourcesPciDevice, api_resources_pci_device), \
        OBJECT(ApiResourcesPci, api_resources_pci), \
        OBJECT(ApiResourcesSystemFirmware, api_resources_system_firmware), \
        OBJECT(ApiResourcesSystemChassis, api_resources_system_chassis), \
        OBJECT(ApiResourcesSystemMotherboard, api_resources_system_motherboard), \
        OBJECT(ApiResourcesSystem, api_resources_system), \
        OBJECT(ApiResourcesGpuCardDrm, api_resources_gpu_card_drm), \
        OBJECT(ApiResourcesGpuCardSriov, api_resources_gpu_card_sriov), \
        OBJECT(ApiResourcesGpuCardNvidia, api_resources_gpu_card_nvidia), \
        OBJECT(ApiResourcesGpuCardMdev, api_resources_gpu_card_mdev), \
        OBJECT(ApiResourcesGpuCard, api_resources_gpu_card), \
        OBJECT(ApiResourcesGpu, api_resources_gpu), \
        OBJECT(ApiResourcesNetworkCardPortInfiniband, api_resources_network_card_port_infiniband), \
        OBJECT(ApiResourcesNetworkCardPort, api_resources_network_card_port), \
        OBJECT(ApiResourcesNetworkCardSriov, api_resources_network_card_sriov), \
        OBJECT(ApiResourcesNetworkCardVdpa, api_resources_network_card_vdpa), \
        OBJECT(ApiResourcesNetworkCard, api_resources_network_card), \
        OBJECT(ApiResourcesNetwork, api_resources_network), \
        OBJECT(ApiResourcesStorageDiskPartition, api_resources_storage_disk_partition), \
        OBJECT(ApiResourcesStorageDisk, api_resources_storage_disk), \
        OBJECT(ApiResourcesStorage, api_resources_storage), \
        OBJECT(ApiResourcesStoragePoolSpace, api_resources_storage_pool_space), \
        OBJECT(ApiResourcesStoragePoolInodes, api_resources_storage_pool_inodes), \
        OBJECT(ApiResourcesStoragePool, api_resources_storage_pool), \
        OBJECT(ApiResponse, api_response), \
        OBJECT(ApiServerStorageDriverInfo, api_server_storage_driver_info), \
        OBJECT(ApiServerEnvironment, api_server_environment), \
        OBJECT(ApiServerPut, api_server_put), \
        OBJECT(ApiServerUntrusted, api_server_untrusted), \
        OBJECT(ApiServer, api_server), \
        OBJECT(ApiStoragePoolsPost, api_storage_pools_post), \
        OBJECT(ApiStoragePool, api_storage_pool), \
        OBJECT(ApiStoragePoolPut, api_storage_pool_put), \
        OBJECT(ApiStoragePoolState, api_storage_pool_state), \
        OBJECT(ApiStorageBucketsPost, api_storage_buckets_post), \
        OBJECT(ApiStorageBucketPut, api_storage_bucket_put), \
        OBJECT(ApiStorageBucket, api_storage_bucket), \
        OBJECT(ApiStorageBucketKeysPost, api_storage_bucket_keys_post), \
        OBJECT(ApiStorageBucketKeyPut, api_storage_bucket_key_put), \
        OBJECT(ApiStorageBucketKey, api_storage_bucket_key), \
        OBJECT(ApiStorageVolumeSource, api_storage_volume_source), \
        OBJECT(ApiStorageVolumesPost, api_storage_volumes_post), \
        OBJECT(ApiStorageVolumePostTarget, api_storage_volume_post_target), \
        OBJECT(ApiStorageVolumePost, api_storage_volume_post), \
        OBJECT(ApiStorageVolume, api_storage_volume), \
        OBJECT(ApiStorageVolumePut, api_storage_volume_put), \
        OBJECT(ApiStoragePoolVolumeBackup, api_storage_pool_volume_backup), \
        OBJECT(ApiStoragePoolVolumeBackupsPost, api_storage_pool_volume_backups_post), \
        OBJECT(ApiStoragePoolVolumeBackupPost, api_storage_pool_volume_backup_post), \
        OBJECT(ApiStorageVolumeSnapshotsPost, api_storage_volume_snapshots_post), \
        OBJECT(ApiStorageVolumeSnapshotPost, api_storage_volume_snapshot_post), \
        OBJECT(ApiStorageVolumeSnapshot, api_storage_volume_snapshot), \
        OBJECT(ApiStorageVolumeSnapshotPut, api_storage_volume_snapshot_put), \
        OBJECT(ApiStorageVolumeStateUsage, api_storage_volume_state_usage), \
        OBJECT(ApiStorageVolumeState, api_storage_volume_state), \
        OBJECT(ApiWarning, api_warning), \
        OBJECT(ApiWarningPut, api_warning_put)
